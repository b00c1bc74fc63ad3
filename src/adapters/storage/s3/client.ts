import { readFileSync } from 'node:fs';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { S3Client } from '@aws-sdk/client-s3';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { SteadyError } from '../../../contracts/failures.js';
import type { Secret } from '../../../contracts/secret.js';
import type { S3StorageConfig } from '../../../contracts/stack/storage.js';

export interface S3Credentials {
  readonly accessKey: Secret;
  readonly secretKey: Secret;
  /** Of a temporary credential. */
  readonly sessionToken?: Secret | undefined;
}

/** How long each wait may be; all in seconds. */
export interface S3Limits {
  readonly connectSeconds: number;
  /** No byte moved on the connection. */
  readonly stallSeconds: number;
  /** Tries of one request, the first included. */
  readonly attempts: number;
  /** Cleaning up after a failure, which the caller's abort does not shorten. */
  readonly cleanUpSeconds: number;
}

export const S3_LIMITS: S3Limits = { connectSeconds: 5, stallSeconds: 60, attempts: 4, cleanUpSeconds: 30 };

/**
 * The SDK's client as this adapter needs it: path style for endpoints other than AWS, the endpoint's own CA, bounded
 * waits and tries. Checksums are sent and compared by us, so the SDK's own (CRC32) are off.
 */
export function createS3Client(
  config: S3StorageConfig,
  credentials: S3Credentials | undefined,
  limits: S3Limits,
): S3Client {
  // Else each worker on a Node.js that is supported here prints a warning about SDKs to come.
  process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] ??= 'true';
  const agent = { keepAlive: true, maxSockets: 64 };
  const client = new S3Client({
    region: config.region,
    ...(config.endpoint === undefined ? {} : { endpoint: config.endpoint }),
    forcePathStyle: config.pathStyle ?? config.endpoint !== undefined,
    ...(credentials === undefined
      ? {}
      : {
          credentials: {
            accessKeyId: credentials.accessKey.reveal(),
            secretAccessKey: credentials.secretKey.reveal(),
            ...(credentials.sessionToken && { sessionToken: credentials.sessionToken.reveal() }),
          },
        }),
    maxAttempts: limits.attempts,
    retryMode: 'standard',
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    expectContinueHeader: false,
    requestHandler: new NodeHttpHandler({
      connectionTimeout: limits.connectSeconds * 1000,
      socketTimeout: limits.stallSeconds * 1000,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent({ ...agent, ...(config.ca === undefined ? {} : { ca: readCa(config.ca) }) }),
    }),
  });
  signKnownHashes(client);
  return client;
}

/**
 * A signature covers the SHA-256 of the body (Signature Version 4, "x-amz-content-sha256"). Where the request carries it
 * as its checksum, the signer is given it instead of reading the whole body again.
 */
function signKnownHashes(client: S3Client): void {
  client.middlewareStack.add(
    (next) => (args) => {
      const { Body, ChecksumSHA256 } = args.input as { Body?: unknown; ChecksumSHA256?: string };
      if (Body !== undefined && ChecksumSHA256 !== undefined) {
        const { headers } = args.request as { headers: Record<string, string> };
        headers['x-amz-content-sha256'] = Buffer.from(ChecksumSHA256, 'base64').toString('hex');
      }
      return next(args);
    },
    { step: 'build', name: 'signKnownHashes' },
  );
}

function readCa(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    const says = error instanceof Error ? error.message : String(error);
    throw new SteadyError('config.invalid', { field: 'storage.main.s3.ca', says }, { cause: error });
  }
}
