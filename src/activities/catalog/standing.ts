import type { StoragePort } from '../../adapters/storage/port.js';
import type { Standing } from '../../contracts/runs/lines.js';
import { demandedDepth, type Stack } from '../../contracts/stack/stack.js';
import { isVerified, listBackups } from './list-backups.js';

export async function standingOf(storage: StoragePort, stack: Stack, store: string): Promise<Standing> {
  const backups = await listBackups(storage, store);
  const newest = backups.at(-1);
  const verified = backups
    .filter((one) => !one.suspect && isVerified(one, demandedDepth(stack, store)))
    .at(-1);
  return {
    store,
    backups: backups.length,
    ...(newest && {
      newest: {
        id: newest.id,
        at: newest.time.toISOString(),
        failedProof: newest.failedAt !== undefined,
        suspect: newest.suspect,
        ...(newest.proven && { proven: newest.proven }),
      },
    }),
    ...(verified?.proven && {
      newestVerified: { id: verified.id, at: verified.time.toISOString(), proven: verified.proven },
    }),
  };
}
