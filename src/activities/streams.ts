import type { StoragePort } from '../adapters/storage/port.js';
import type { BackupReader, BackupWriter } from '../adapters/stores/port.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { keys } from '../contracts/keys.js';
import type { Manifest } from '../contracts/stored/manifest.js';
import { createStreamReader } from '../pipelines/stream-reader.js';
import { createStreamWriter } from '../pipelines/stream-writer.js';
import type { ActivityCall } from './call.js';
import type { Ports } from './ports.js';
import { paceOf } from './transfers.js';

/** The writer of one backup attempt: streams go to `data/<store>/<backup id>/`. */
export function backupWriter(
  call: ActivityCall,
  options: {
    storage: StoragePort;
    snapshot: StackSnapshot;
    store: string;
    backupId: string;
    /** Somebody waits for it: it takes all the line has. */
    hurry: boolean;
  },
): BackupWriter {
  const { stack } = options.snapshot;
  return createStreamWriter({
    backupId: options.backupId,
    sink: options.storage,
    keyOf: (object) => keys.data(options.store, options.backupId, object),
    pieceLimit: stack.storage.pieceLimit,
    recipients: stack.storage.encryption?.age.recipients ?? [],
    stallSeconds: stack.limits.stall,
    signal: call.signal,
    marker: call.marker,
    niceness: stack.limits.nice,
    pace: options.hurry ? undefined : paceOf(options.snapshot),
    onProgress: call.onStream,
  });
}

/** The reader of one backup, for proofs and restores; needs the age identity when the backup is encrypted. */
export async function backupReader(
  call: ActivityCall,
  options: {
    ports: Ports;
    storage: StoragePort;
    snapshot: StackSnapshot;
    manifest: Manifest;
    /** Somebody waits for it: it takes all the line has. */
    hurry: boolean;
  },
): Promise<BackupReader> {
  const { stack } = options.snapshot;
  const reference = stack.storage.encryption?.age.identity;
  const encrypted = options.manifest.recipients.length > 0;
  const identity =
    encrypted && reference !== undefined
      ? await options.ports.secrets(options.snapshot).resolve(reference)
      : undefined;
  const reader = createStreamReader({
    source: options.storage,
    streams: options.manifest.streams,
    encrypted,
    identity,
    stallSeconds: stack.limits.stall,
    signal: call.signal,
    marker: call.marker,
    niceness: stack.limits.nice,
    pace: options.hurry ? undefined : paceOf(options.snapshot),
    onProgress: call.onStream,
  });
  call.expect(options.manifest.rawBytes);
  return { manifest: options.manifest, ...reader };
}
