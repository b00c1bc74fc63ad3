import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  UploadPartCommand,
  type CompletedPart,
} from '@aws-sdk/client-s3';
import { SteadyError } from '../../../contracts/failures.js';
import type { Stop } from '../take-body.js';
import { cleanUpSignal, objectOf, withS3, type Bucket } from './bucket.js';
import { base64Sha256, commit, compositeSha256, UPLOAD_FIELD } from './confirm.js';
import type { Part } from './cut-parts.js';

/** A multipart upload that has begun: it must be completed or aborted. */
export interface Multipart {
  /** Sends a part in the background and releases it; a failure stops the whole upload. */
  send(part: Part, sent: (part: Part) => void): void;
  /** Waits for all parts, makes the object visible (create-only) and confirms it. */
  complete(bytes: number): Promise<void>;
  /** Ends what is being sent and removes the parts, as far as storage answers. Never throws. */
  abort(): Promise<void>;
}

interface MultipartOptions {
  readonly key: string;
  readonly token: string;
  readonly stop: Stop;
}

/** Begins a multipart upload with a SHA-256 on every part. Not interrupted by the caller: its id would be lost. */
export async function beginMultipart(bucket: Bucket, options: MultipartOptions): Promise<Multipart> {
  const { key, token, stop } = options;
  const object = objectOf(bucket, key);
  const { UploadId } = await withS3(bucket, { key }, () =>
    bucket.client.send(
      new CreateMultipartUploadCommand({
        ...object,
        ChecksumAlgorithm: 'SHA256',
        ChecksumType: 'COMPOSITE',
        Metadata: { [UPLOAD_FIELD]: token },
        ...(bucket.config.sse === undefined ? {} : { ServerSideEncryption: bucket.config.sse }),
      }),
    ),
  );
  if (UploadId === undefined) {
    throw new SteadyError('storage.refused', { storage: bucket.location, key, says: 'no upload id' });
  }
  const upload = { ...object, UploadId };
  const parts: CompletedPart[] = [];
  const sending = new Set<Promise<void>>();

  const sendPart = async (part: Part): Promise<void> => {
    const checksum = base64Sha256(part.content);
    const command = new UploadPartCommand({
      ...upload,
      PartNumber: part.number,
      Body: part.content,
      ContentLength: part.content.length,
      ChecksumSHA256: checksum,
    });
    const answer = await withS3(bucket, { key, part: part.number }, () =>
      bucket.client.send(command, { abortSignal: stop.signal }),
    );
    if (answer.ChecksumSHA256 !== checksum) {
      const facts = { storage: bucket.location, key, part: part.number, sent: checksum };
      throw new SteadyError('storage.mismatch', { ...facts, stored: answer.ChecksumSHA256 ?? 'no checksum' });
    }
    parts[part.number - 1] = { PartNumber: part.number, ETag: answer.ETag, ChecksumSHA256: checksum };
  };

  return {
    send(part, sent) {
      const done = sendPart(part)
        .then(() => sent(part))
        // Stopping comes first: a part ended by it only echoes the reason.
        .catch((error: unknown) => stop.with(error))
        .finally(() => {
          part.release();
          sending.delete(done);
        });
      sending.add(done);
    },

    async complete(bytes) {
      await Promise.all(sending);
      stop.check();
      const checksum = compositeSha256(parts.map((part) => part.ChecksumSHA256 ?? ''));
      const command = new CompleteMultipartUploadCommand({
        ...upload,
        IfNoneMatch: '*',
        MultipartUpload: { Parts: parts },
      });
      await commit(bucket, { key, token, bytes, checksum }, () => bucket.client.send(command));
    },

    async abort() {
      await Promise.all(sending);
      const command = new AbortMultipartUploadCommand(upload);
      // The failure that led here is the one to tell; parts that stay are listed by `unfinished`.
      await bucket.client.send(command, { abortSignal: cleanUpSignal(bucket) }).catch(() => undefined);
    },
  };
}
