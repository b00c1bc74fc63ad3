import { createHash } from 'node:crypto';
import { stat, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { ServerAccount } from './server-account.js';

/**
 * Where a throwaway server keeps its data: in the folder given, or, where the server's account cannot pass through to it
 * (such as below /root), in the system's folder for temporary files, under a name a later attempt finds again.
 *
 * @param needed bytes the restored data will take; fails with `store.no-room`
 */
export async function scratchHome(
  folder: string,
  account: ServerAccount | undefined,
  needed: number,
): Promise<string> {
  const name = createHash('sha256').update(resolve(folder)).digest('hex').slice(0, 16);
  const home = (await passable(dirname(resolve(folder)), account))
    ? join(folder, 'postgres')
    : join(tmpdir(), `steady-scratch-${name}`);
  const { bavail, bsize } = await statfs(dirname(home));
  const free = bavail * bsize;
  if (free < needed) throw new SteadyError('store.no-room', { folder: dirname(home), free, needed });
  return home;
}

/** Whether others may pass through this folder and all above it. */
async function passable(folder: string, account: ServerAccount | undefined): Promise<boolean> {
  if (account === undefined) return true;
  if (((await stat(folder)).mode & 0o001) === 0) return false;
  return folder === dirname(folder) || passable(dirname(folder), account);
}
