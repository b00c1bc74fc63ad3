import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Manifest } from '../contracts/stored/manifest.js';
import { ageHeader, matchHeader } from '../pipelines/identity.js';
import type { Ports } from './ports.js';

/**
 * Whether this worker can open a backup at all, from the header of its first piece. Fails with `key.missing`,
 * `key.wrong`, `secret.missing`; a damaged header is for the reader to tell.
 */
export async function assertOpens(
  manifest: Manifest,
  { ports, storage, snapshot }: { ports: Ports; storage: StoragePort; snapshot: StackSnapshot },
): Promise<void> {
  const piece = manifest.streams[0]?.pieces[0];
  if (manifest.recipients.length === 0 || piece === undefined) return;
  const reference = snapshot.stack.storage.encryption?.age.identity;
  if (reference === undefined) throw new SteadyError('key.missing');
  const identity = await ports.secrets(snapshot).resolve(reference);
  if ((await matchHeader(await headerOf(storage, piece.key), identity)) === 'wrong')
    throw new SteadyError('key.wrong', { store: manifest.store, backup: manifest.id });
}

/** The header of an encrypted object, or all of one that has none. */
export async function headerOf(storage: StoragePort, key: string): Promise<Buffer> {
  const stop = new AbortController();
  const body = await storage.get(key, { signal: stop.signal });
  let start = Buffer.alloc(0);
  try {
    for await (const chunk of body) {
      start = Buffer.concat([start, chunk as Buffer]);
      const header = ageHeader(start);
      if (header !== undefined) return header;
    }
    return start;
  } finally {
    body.destroy();
  }
}
