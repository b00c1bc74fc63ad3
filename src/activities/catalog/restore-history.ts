import type { StoragePort } from '../../adapters/storage/port.js';
import { keys, parseProofKey } from '../../contracts/keys.js';
import type { Manifest } from '../../contracts/stored/manifest.js';
import { proofSchema } from '../../contracts/stored/others.js';
import { readDocument } from './documents.js';

export interface Expected {
  readonly seconds: number;
  /** The backup whose restore was measured. */
  readonly from: string;
}

/**
 * How long loading a backup will take, going by the newest proof by a restore of the same store, in proportion to the
 * stored bytes; undefined where none was measured. A listing and a request.
 */
export async function expectedSeconds(
  storage: StoragePort,
  manifest: Pick<Manifest, 'store' | 'bytes'>,
): Promise<Expected | undefined> {
  let newest: { key: string; at: number; backupId: string } | undefined;
  for await (const { key } of storage.list(keys.proofPrefix(manifest.store))) {
    const name = parseProofKey(key);
    if (name?.depth !== 'restored' || !name.passed) continue;
    if (newest === undefined || name.time.getTime() >= newest.at)
      newest = { key, at: name.time.getTime(), backupId: name.backupId };
  }
  if (newest === undefined) return undefined;
  const proof = await readDocument(storage, newest.key, proofSchema);
  if (proof === undefined || proof.bytes === 0) return undefined;
  return { seconds: proof.seconds * (manifest.bytes / proof.bytes), from: newest.backupId };
}
