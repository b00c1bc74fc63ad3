import { describe, expect, it } from 'vitest';
import { SteadyError } from '../../../src/contracts/failures.js';
import { Secret } from '../../../src/contracts/secret.js';
import { s3Failure } from '../../../src/adapters/storage/s3/s3-failure.js';

const facts = { storage: 's3://backups/demo', key: 'a' };
const failure = (name: string, extra: object = {}, message = 'Words.') =>
  s3Failure(Object.assign(new Error(message), { name }, extra), facts, [new Secret('top-secret')]);
const status = (httpStatusCode: number) => ({ $metadata: { httpStatusCode } });

describe('an error of S3', () => {
  it.each([
    ['NoSuchBucket', 404, 'storage.bucket-missing', false],
    ['NoSuchKey', 404, 'storage.missing', false],
    ['NotFound', 404, 'storage.missing', false],
    ['AccessDenied', 403, 'storage.denied', false],
    ['InvalidAccessKeyId', 403, 'storage.denied', false],
    ['SignatureDoesNotMatch', 403, 'storage.denied', false],
    ['ExpiredToken', 400, 'storage.denied', false],
    ['403', 403, 'storage.denied', false],
    ['PreconditionFailed', 412, 'storage.exists', false],
    ['ConditionalRequestConflict', 409, 'storage.exists', false],
    ['XMinioStorageFull', 507, 'storage.full', false],
    ['InsufficientStorage', 507, 'storage.full', false],
    ['BadDigest', 400, 'storage.mismatch', true],
    ['NoSuchUpload', 404, 'storage.mismatch', true],
    ['SlowDown', 503, 'storage.unreachable', true],
    ['InternalError', 500, 'storage.unreachable', true],
    ['SomethingNew', 400, 'storage.refused', false],
  ])('%s (%i) is %s', (name, code, expected, retryable) => {
    expect(failure(name, status(code))).toMatchObject({ code: expected, retryable });
  });

  it('of a MinIO that tells only in words that its disk is full is full', () => {
    const words = 'We encountered an internal error, please try again.: cause(no space left on device)';
    expect(failure('InternalError', status(500), words)).toMatchObject({
      code: 'storage.full',
      retryable: false,
    });
  });

  it.each(['ECONNREFUSED', 'ETIMEDOUT', 'ENOTFOUND', 'ECONNRESET', 'EAI_AGAIN', 'CERT_HAS_EXPIRED'])(
    'without an answer (%s) is unreachable',
    (code) => {
      expect(failure('Error', { code })).toMatchObject({ code: 'storage.unreachable', retryable: true });
    },
  );

  it('names place, key and the words of storage', () => {
    expect(failure('AccessDenied', status(403)).message).toBe(
      'storage refused the credentials [storage=s3://backups/demo key=a says="AccessDenied: Words."]',
    );
    expect(failure('Error', { code: 'ECONNREFUSED' }, 'connect ECONNREFUSED 10.0.0.1:9000').message).toBe(
      'cannot reach storage [storage=s3://backups/demo key=a says="ECONNREFUSED: connect ECONNREFUSED 10.0.0.1:9000"]',
    );
  });

  it('never quotes a secret', () => {
    expect(failure('AccessDenied', status(403), 'you sent top-secret').message).toContain(
      'you sent [secret]',
    );
  });

  it('of our own stays as it is', () => {
    const own = new SteadyError('cancelled');
    expect(s3Failure(own, facts, [])).toBe(own);
  });
});
