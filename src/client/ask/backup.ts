import type { WorkflowHandle } from '@temporalio/client';
import type { BackupInput } from '../../contracts/runs/procedures.js';
import type { RunInput } from '../../contracts/runs/snapshot.js';
import { repeatedRun, startRun } from '../start.js';
import type { Asking } from './asking.js';

export type BackupAsked = Omit<BackupInput, keyof RunInput>;

/** Starts a backup by hand: it changes nothing that lives, so nobody is asked. */
export async function startBackup(
  { steady, snapshot, requester, once }: Asking,
  asked: BackupAsked,
): Promise<WorkflowHandle> {
  const { stack } = snapshot.stack;
  const repeated = once && (await repeatedRun(steady, { procedure: 'backup', stack, once }));
  if (repeated !== undefined) return repeated;
  const input: BackupInput = { version: 1, snapshot, by: await requester(null), ...asked };
  return await startRun(steady, {
    procedure: 'backup',
    input,
    ...(once && { request: once.request, once }),
  });
}
