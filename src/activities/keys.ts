import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { KeyTestLine } from '../contracts/runs/lines.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Secret } from '../contracts/secret.js';
import { matchHeader } from '../pipelines/identity.js';
import { listBackups } from './catalog/list-backups.js';
import { readManifest } from './catalog/read-manifest.js';
import { headerOf } from './opens-backup.js';
import type { Ports } from './ports.js';

/** Whether the identity configured here opens what was stored, for workers of the role `proof`. Reading only. */
export function createKeyActivities(ports: Ports) {
  return {
    /** Throws `key.missing` where no identity is configured, `secret.missing` where it cannot be read. */
    async testKey(input: { snapshot: StackSnapshot; stores: readonly string[] }): Promise<KeyTestLine[]> {
      const reference = input.snapshot.stack.storage.encryption?.age.identity;
      if (reference === undefined) throw new SteadyError('key.missing');
      const identity = await ports.secrets(input.snapshot).resolve(reference);
      return await testIdentity(await ports.storage(input.snapshot), input.stores, identity);
    },
  };
}
export type KeyActivities = ReturnType<typeof createKeyActivities>;

/** Tries an identity on the newest backup of each store, from the header of its first piece alone. */
export async function testIdentity(
  storage: StoragePort,
  stores: readonly string[],
  identity: Secret,
): Promise<KeyTestLine[]> {
  return await Promise.all(
    stores.map(async (store): Promise<KeyTestLine> => {
      const newest = (await listBackups(storage, store)).at(-1);
      if (newest === undefined) return { store, result: 'no backup' };
      const manifest = await readManifest(storage, newest);
      const piece = manifest.streams[0]?.pieces[0];
      if (manifest.recipients.length === 0 || piece === undefined)
        return { store, id: newest.id, result: 'not encrypted' };
      return {
        store,
        id: newest.id,
        result: await matchHeader(await headerOf(storage, piece.key), identity),
      };
    }),
  );
}
