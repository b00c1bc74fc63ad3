import { SteadyError } from '../../../contracts/failures.js';
import type { StoreCall, UndoOptions } from '../port.js';
import type { FolderWork } from './folder-work.js';
import type { Swap } from './places.js';

/**
 * Puts the restored data in the place of the live ones and keeps those. Each step looks first: the kept folder has its
 * name only when all live data are in it, so an attempt that died anywhere is taken up where it stood.
 */
export async function cutover(
  call: StoreCall,
  work: FolderWork,
  swap: Swap,
): Promise<{ gapSeconds: number; notes: string[] }> {
  const done = await work.read(swap.done);
  if (done !== undefined) return { gapSeconds: Number(done), notes: ['switched already'] };
  const begun = Date.now();
  const kept = (await work.kind(swap.old)) === 'folder';
  const fresh = (await work.kind(swap.fresh)) === 'folder';
  if (!kept && !fresh)
    throw new SteadyError('store.blocked', {
      says: 'nothing is loaded beside the live data',
      folder: swap.fresh,
    });

  call.say(`keeping the live data as ${swap.old}`);
  if (!kept) await setAside(work, swap, swap.old, swap.moving);
  call.say('putting the restored data in their place');
  if (fresh) await putIn(work, swap, swap.fresh);
  const gapSeconds = (Date.now() - begun) / 1000;
  await work.write(swap.done, String(gapSeconds));
  await work.remove(swap.work);
  return { gapSeconds, notes: [] };
}

/** Moves what is live to `final`, by way of `moving` when the folder itself cannot be renamed. */
async function setAside(work: FolderWork, swap: Swap, final: string, moving: string): Promise<void> {
  if ((await work.kind(final)) === 'folder') return;
  if (swap.kind === 'rename') {
    // Nothing live: an empty folder stands for it, so that every later step finds one.
    if ((await work.kind(swap.live)) === 'none') await work.make(final);
    else await work.rename(swap.live, final);
    return;
  }
  await work.make(swap.work);
  await work.make(moving);
  // Mode and owner of the folder itself are kept with its entries.
  await work.likeFolder(moving, swap.live);
  await work.moveEntries(swap.live, moving);
  await work.rename(moving, final);
}

async function putIn(work: FolderWork, swap: Swap, from: string): Promise<void> {
  if (swap.kind === 'rename') {
    // Something made the folder anew between two attempts (a service with a bind mount does): not ours to delete.
    if ((await work.kind(swap.live)) !== 'none') {
      if (!(await work.empty(swap.live)))
        throw new SteadyError('store.blocked', {
          folder: swap.live,
          says: 'it was made anew by something during the cut-over',
        });
      await work.remove(swap.live);
    }
    await work.rename(from, swap.live);
    return;
  }
  await work.moveEntries(from, swap.live);
  await work.likeFolder(swap.live, from);
  await work.remove(from);
}

/**
 * Switches back, or removes what was loaded when the cut-over has not begun. Fails with `store.gone` when the restore
 * had ended and nothing of it is kept any more.
 */
export async function undo(
  call: StoreCall,
  work: FolderWork,
  swap: Swap,
  { finished = false }: UndoOptions = {},
): Promise<string[]> {
  const kept = (await work.kind(swap.old)) === 'folder';
  const moving = swap.kind === 'entries' && (await work.kind(swap.moving)) === 'folder';
  if (!kept && !moving) {
    const undone = (await work.kind(swap.undone)) === 'folder';
    const loaded = (await work.kind(swap.fresh)) === 'folder';
    if (finished && !undone && !loaded)
      throw new SteadyError('store.gone', { folder: swap.old, says: 'it is not kept any more' });
    await work.remove(swap.fresh, swap.work, swap.done);
    if (undone) return [`switched back already; what was live is kept in ${swap.undone}`];
    return ['removed what was loaded beside; the live data were not touched'];
  }
  if (!kept) {
    // No restored entry is live yet: what is still live stays, what was moved comes back.
    await work.moveEntries(swap.moving, swap.live);
    await work.remove(swap.fresh, swap.work);
    return ['the live data are back in place; the cut-over had begun to move them'];
  }
  call.say('switching back');
  const live = await work.kind(swap.live);
  // Renaming is whole or not at all: with no live folder there is nothing to set aside.
  if (swap.kind === 'entries' || live !== 'none')
    await setAside(work, swap, swap.undone, `${swap.work}/undone`);
  await putIn(work, swap, swap.old);
  await work.remove(swap.fresh, swap.work, swap.done);
  if ((await work.kind(swap.undone)) === 'none')
    return ['the live data are back in place; the cut-over had not ended'];
  return [`switched back; writes since the cut-over are kept in ${swap.undone}`];
}

/** The folder with the replaced data, or with what an undo set aside. */
export async function kept(work: FolderWork, swap: Swap): Promise<string | undefined> {
  for (const path of [swap.old, swap.undone]) if ((await work.kind(path)) !== 'none') return path;
  return undefined;
}

/** Removes the replaced data and what an undo kept. */
export async function release(work: FolderWork, swap: Swap): Promise<string[]> {
  const there: string[] = [];
  for (const path of [swap.old, swap.undone]) if ((await work.kind(path)) !== 'none') there.push(path);
  await work.remove(swap.old, swap.undone, swap.fresh, swap.work, swap.done);
  return there.length === 0
    ? ['nothing to do: nothing of this restore is kept any more']
    : [`removed ${there.join(', ')}`];
}
