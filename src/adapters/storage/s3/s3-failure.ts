import { SteadyError, type FailureCode } from '../../../contracts/failures.js';
import { redact, type Secret } from '../../../contracts/secret.js';
import type { PlaceFacts } from '../place-facts.js';

/** Error codes of the S3 API (API reference, "Error responses"), of MinIO, of the SDK's credential chain. */
const BY_NAME: Record<string, FailureCode> = {
  NoSuchBucket: 'storage.bucket-missing',
  NoSuchKey: 'storage.missing',
  NotFound: 'storage.missing',
  AccessDenied: 'storage.denied',
  AllAccessDisabled: 'storage.denied',
  AccountProblem: 'storage.denied',
  InvalidAccessKeyId: 'storage.denied',
  SignatureDoesNotMatch: 'storage.denied',
  RequestTimeTooSkewed: 'storage.denied',
  ExpiredToken: 'storage.denied',
  ExpiredTokenException: 'storage.denied',
  InvalidToken: 'storage.denied',
  CredentialsProviderError: 'storage.denied',
  TokenProviderError: 'storage.denied',
  PreconditionFailed: 'storage.exists',
  ConditionalRequestConflict: 'storage.exists',
  XMinioStorageFull: 'storage.full',
  XMinioAdminBucketQuotaExceeded: 'storage.full',
  QuotaExceeded: 'storage.full',
  BadDigest: 'storage.mismatch',
  InvalidDigest: 'storage.mismatch',
  InvalidPart: 'storage.mismatch',
  // Storage lost what was sent: someone aborted the upload, or a MinIO without room dropped it.
  NoSuchUpload: 'storage.mismatch',
  IncompleteBody: 'storage.mismatch',
  XAmzContentSHA256Mismatch: 'storage.mismatch',
  XAmzContentChecksumMismatch: 'storage.mismatch',
};

const BY_STATUS: Record<number, FailureCode> = {
  401: 'storage.denied',
  403: 'storage.denied',
  404: 'storage.missing',
  408: 'storage.unreachable',
  412: 'storage.exists',
  429: 'storage.unreachable',
  507: 'storage.full',
};

/**
 * MinIO answers the write that fills its disk in several ways: XMinioStorageFull, IncompleteBody, NoSuchUpload (seen), or
 * an InternalError that tells the cause only in words; all but the first are retryable or caught here.
 */
const NO_SPACE = /no space left on device/;

interface SdkError {
  readonly name: string;
  readonly message: string;
  readonly code?: string;
  readonly Code?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** The S3 error code, such as `NoSuchKey`; HEAD answers have no body and so only a status. */
export function s3ErrorCode(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  const { Code, name } = error as SdkError;
  return Code ?? name;
}

/**
 * An error of the SDK as the registry names it. No answer at all, or one of the 5xx, is unreachable; an answer that
 * nobody foresaw is refused.
 */
export function s3Failure(error: unknown, facts: PlaceFacts, secrets: readonly Secret[]): SteadyError {
  if (error instanceof SteadyError) return error;
  if (!(error instanceof Error))
    return new SteadyError('storage.unreachable', { ...facts, says: String(error) });
  const { $metadata, code: systemCode } = error as unknown as SdkError;
  const status = $metadata?.httpStatusCode;
  const name = s3ErrorCode(error) ?? '';
  const code =
    (NO_SPACE.test(error.message) ? 'storage.full' : undefined) ??
    BY_NAME[name] ??
    (status === undefined
      ? undefined
      : (BY_STATUS[status] ?? (status < 500 ? 'storage.refused' : undefined))) ??
    'storage.unreachable';
  const words = [systemCode ?? (name === 'Error' ? undefined : name), error.message].filter((word) => word);
  // The message may begin with the code already.
  const says = redact([...new Set(words)].join(': '), secrets);
  return new SteadyError(
    code,
    { ...facts, says: says === '' ? undefined : says.slice(0, 300) },
    { cause: cleaned(error) },
  );
}

/** The SDK's error keeps request and response with signed headers: only its words go on as the cause. */
function cleaned(error: Error): Error | undefined {
  const cause = new Error(error.name);
  if (error.stack !== undefined) cause.stack = error.stack.split('\n').slice(1).join('\n');
  return cause;
}
