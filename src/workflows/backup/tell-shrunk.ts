import type { Sealed } from '../../activities/seal.js';
import type { StoreBackupInput } from '../../contracts/runs/procedures.js';
import { tell } from '../shared/tell.js';

/**
 * Tells that a backup shrank sharply, as soon as it is sealed: its run ends well, and an emptied table would otherwise be
 * heard of when the RPO is exceeded. Never throws: the backup is none the worse.
 */
export async function tellShrunk(
  input: StoreBackupInput,
  { id, shrunk }: Sealed,
  run: { readonly workflowId: string; readonly runId: string },
): Promise<void> {
  if (shrunk === undefined) return;
  const { from, to, previous } = shrunk;
  await tell(input, {
    ...{ id: `${input.store}.${id}.shrunk`, event: 'suspect' },
    title: `the backup of ${input.store} is sharply smaller than the last one`,
    lines: [
      `${id}: ${to} bytes after ${from} (${previous})`,
      'was something lost before it? It counts for nothing until somebody accepts it',
    ],
    next: [`steady backup show ${id}`, `steady backup accept ${id}`],
    run: { ...run, procedure: 'backup', by: input.by.name },
  }).catch(() => undefined);
}
