import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, StoreCall, UndoOptions } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { moveAside, moveIn } from './cutover-files.js';
import type { DataFiles } from './data-files.js';
import { namesOf, readState } from './restore-state.js';
import { startServer, stopServer } from './run-server.js';

/**
 * Puts the replaced data back, wherever the restore stood. After a cut-over the data that were live until now are kept
 * under a name of their own: writes since then go with them. Fails with `store.gone` when the restore had ended and
 * nothing of it is kept any more.
 */
export async function undoFiles(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
  { files, finished = false }: UndoOptions & { readonly files: DataFiles },
): Promise<string[]> {
  const names = namesOf(place);
  const state = (await readState(files, names.old)) ?? (await readState(files, names.work));
  const kept = (await files.list(names.old)) !== undefined;
  const moving = (await files.list(names.moving)) !== undefined;
  const undone = (await files.list(names.undone)) !== undefined;

  if (!kept && !moving) {
    if (finished && !undone && state === undefined)
      throw new SteadyError('store.gone', { folder: files.path(names.old), says: 'it is not kept any more' });
    await files.remove(names.work);
    // Switched back already, or stopped and not yet moved: either way it must be serving.
    if (undone || state?.stoppedAt !== undefined) await startServer(options, call);
    if (undone) return [`switched back already; what was live is kept in ${files.path(names.undone)}`];
    return ['removed what was loaded beside; the live data were not touched'];
  }

  call.say('stopping the server');
  await stopServer(options, call);
  if (!kept) {
    await moveIn(files, names.moving, '.');
    await files.remove(names.work);
    call.say('starting the server');
    await startServer(options, call);
    return ['the live data are back in place; the cut-over had begun to move them'];
  }
  // `ready` still there means that what lies in the data folder is no more than part of the restored data.
  const switched = (await files.list(names.ready)) === undefined;
  await moveAside(files, `${names.work}/undone`, names.undone, state?.entries ?? []);
  await moveIn(files, names.old, '.');
  await files.remove(names.work, ...(switched ? [] : [names.undone]));
  call.say('starting the server');
  await startServer(options, call);
  if (!switched) return ['the live data are back in place; the cut-over had not ended'];
  return [`switched back; writes since the cut-over are kept in ${files.path(names.undone)}`];
}

/** The folder with what the restore replaced, or with what an undo set aside. */
export async function keptFiles(place: RestorePlace, files: DataFiles): Promise<string | undefined> {
  const names = namesOf(place);
  const there = (await files.list()) ?? [];
  const found = [names.old, names.undone].find((name) => there.includes(name));
  return found === undefined ? undefined : files.path(found);
}

/** Removes what the restore replaced, and what an undo kept. */
export async function releaseFiles(place: RestorePlace, files: DataFiles): Promise<string[]> {
  const names = namesOf(place);
  const there = (await files.list()) ?? [];
  const ours = [names.old, names.undone, names.work].filter((name) => there.includes(name));
  if (ours.length === 0) return ['nothing to do: nothing of this restore is kept any more'];
  await files.remove(...ours);
  return [`removed ${ours.map((name) => files.path(name)).join(', ')}`];
}
