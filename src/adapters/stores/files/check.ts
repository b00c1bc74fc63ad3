import { posix } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { CheckLine, StoreCall } from '../port.js';
import { liveRoot, type FilesStoreOptions } from './context.js';
import { tarVersion } from './dump.js';
import { folderWork } from './folder-work.js';
import { mayGiveOwners } from './load.js';
import { swapNames } from './places.js';

/** Reach, tool, owners, mounts and room of a folder or volume, a line each. */
export async function check(options: FilesStoreOptions, call: StoreCall): Promise<CheckLine[]> {
  const lines: CheckLine[] = [];
  const add = (status: CheckLine['status'], what: string, message: string, hint?: string): void => {
    lines.push({ status, what, message, ...(hint !== undefined && { hint }) });
  };
  try {
    const root = liveRoot(options, call);
    const work = folderWork(root, call);
    if ((await work.kind(root.folder)) !== 'folder') {
      add('error', 'reach', `${root.label} is no folder`, 'Correct path or volume; the worker must see it.');
      return lines;
    }
    add('ok', 'reach', root.label);
    add('ok', 'tar', `GNU tar ${await tarVersion(root, call)}`);
    if (mayGiveOwners(root)) add('ok', 'owners', 'can be kept');
    else
      add(
        'error',
        'owners',
        'the worker is not root: it can neither read all files nor restore their owners',
        'Run this site’s worker as root.',
      );

    const live = await work.real(root.folder);
    const mounts = await work.mounts(live);
    const nested = mounts.filter((point) => point !== live);
    if (nested.length > 0)
      add('warning', 'mounts', `not in the backup: ${nested.join(', ')}`, 'Make a store of each.');
    const kind = root.volume || mounts.includes(live) ? 'entries' : 'rename';
    const swap = swapNames(kind, live, { mode: 'beside', token: 'check', at: new Date(0).toISOString() });
    await work.make(swap.work);
    await work.remove(swap.work);
    const [used, free] = [
      await work.used(live),
      await work.free(kind === 'rename' ? posix.dirname(live) : live),
    ];
    const sizes = `${Math.round(used / 2 ** 20)} MiB used, ${Math.round(free / 2 ** 20)} MiB free`;
    if (free > used) add('ok', 'room', sizes);
    else add('warning', 'room', sizes, 'A restore beside needs as much again; else use --in-place.');
  } catch (error) {
    if (!(error instanceof SteadyError)) throw error;
    add('error', lines.length === 0 ? 'reach' : 'restore', error.message, error.hint);
  }
  return lines;
}
