import type { StoragePort } from '../../adapters/storage/port.js';
import { keys, parseProofKey, type ProofName } from '../../contracts/keys.js';
import type { Manifest } from '../../contracts/stored/manifest.js';
import { proofSchema } from '../../contracts/stored/others.js';
import { readDocument } from './documents.js';
import { mapInParallel } from './in-parallel.js';

export interface Expected {
  readonly seconds: number;
  /** The backup whose restore was measured. */
  readonly from: string;
}

/** So many of the newest measurements are looked at. */
const LOOKED_AT = 5;

/**
 * How long loading and comparing a backup will take, going by the newest proofs by a restore of the same store: of those
 * the one nearest in size, in proportion. Undefined where none was measured. A listing and a few requests.
 */
export async function expectedSeconds(
  storage: StoragePort,
  manifest: Pick<Manifest, 'store' | 'rawBytes'>,
): Promise<Expected | undefined> {
  const proofs: { readonly key: string; readonly name: ProofName }[] = [];
  for await (const { key } of storage.list(keys.proofPrefix(manifest.store))) {
    const name = parseProofKey(key);
    if (name?.depth === 'restored' && name.passed) proofs.push({ key, name });
  }
  const newest = proofs.sort((a, b) => b.name.time.getTime() - a.name.time.getTime()).slice(0, LOOKED_AT);
  const measured = await mapInParallel(newest, LOOKED_AT, async ({ key, name }) => {
    const loaded = (await readDocument(storage, key, proofSchema))?.loaded;
    return loaded && loaded.rawBytes > 0 ? { ...loaded, from: name.backupId } : undefined;
  });
  const distance = (bytes: number): number => Math.abs(Math.log(bytes / Math.max(1, manifest.rawBytes)));
  const [nearest] = measured
    .filter((one) => one !== undefined)
    .sort((a, b) => distance(a.rawBytes) - distance(b.rawBytes));
  return nearest && { seconds: nearest.seconds * (manifest.rawBytes / nearest.rawBytes), from: nearest.from };
}
