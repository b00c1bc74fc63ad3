import { existsSync } from 'node:fs';
import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, StoreCall, UndoOptions } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { infoFields } from './info.js';
import { keepLive } from './keep-live.js';
import { keptFolder, type KeptFolder } from './kept-folder.js';
import { openLive, type Live } from './live.js';
import { endReplication, replicate } from './replicate.js';

/**
 * Has the server replicate what it held before the cut-over. An RDB of what it holds until then is kept, taken right
 * before: once the state says `undoing` it is there, and what is live is no longer worth keeping.
 */
export async function undoByReplication(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
  given: UndoOptions = {},
): Promise<string[]> {
  const kept = keptFolder(options, place);
  const state = await kept.state();
  const setAside = (): string =>
    existsSync(kept.undone)
      ? `what was live until then is kept in ${kept.undone} on the worker ${kept.where.worker}`
      : 'what was live until then is not kept: it is what was restored';
  if (!state) return nothingHere(options, call, place, { ...given, kept });
  if (state.phase === 'loading' || state.phase === 'loaded') {
    await kept.remove();
    return ['removed what was loaded on the worker; the live data were not touched'];
  }
  if (state.phase === 'undone') {
    await kept.remove(kept.restored, kept.safety);
    return ['switched back already', setAside()];
  }
  const live = await openLive(options, call);
  // A replica of a source that has died gives no RDB.
  await endReplication(live.ask, call.signal);
  const first = state.phase !== 'undoing';
  await replicate({
    ...{ options, call, target: live.ask, file: kept.safety, token: place.token, state },
    ...(first && {
      before: async () => {
        await keepUndone(options, call, { live, kept, finished: given.finished === true });
        await kept.write({ ...state, phase: 'undoing' });
      },
      untouched: () => kept.write(state),
    }),
  });
  await endReplication(live.ask, call.signal);
  await kept.write({ ...state, phase: 'undone' });
  await kept.remove(kept.restored, kept.safety);
  return ['switched back: the data from before the cut-over are live', setAside()];
}

/**
 * An RDB of what is live. In the compensation of a restore that failed it must not stand in the way: what is live then is
 * what was restored, and lies in storage.
 */
async function keepUndone(
  options: RedisStoreOptions,
  call: StoreCall,
  of: { readonly live: Live; readonly kept: KeptFolder; readonly finished: boolean },
): Promise<void> {
  const { live, kept, finished } = of;
  if (!finished) await kept.remove(kept.restored);
  try {
    await keepLive(options, call, { live, kept, file: kept.undone });
  } catch (error) {
    if (finished || call.signal.aborted) throw error;
    call.say(`what was restored is not kept: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Without a state on this worker: whether that is because nothing was done, or because it was done elsewhere. */
async function nothingHere(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
  { finished, begun, kept }: UndoOptions & { readonly kept: KeptFolder },
): Promise<string[]> {
  if (finished)
    throw new SteadyError('store.gone', { ...kept.where, says: 'it is not kept on this worker any more' });
  if (begun === false) return ['nothing to do: the cut-over was not begun'];
  if (await neverReplicated(options, call, place))
    return ['nothing to do: the server has replicated from nobody since before the restore'];
  throw new SteadyError('store.gone', {
    ...kept.where,
    says: 'the server may hold the restored data: what they replaced is on the worker that did the cut-over',
  });
}

/** Clocks of the server's machine and of the run may differ, in milliseconds. */
const CLOCKS = 60_000;

/**
 * Whether the server itself tells that nobody has made it a replica since before the restore: it has been up since, and
 * has counted no such command (INFO commandstats). A server that was restarted has forgotten.
 */
async function neverReplicated(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
): Promise<boolean> {
  const { ask } = await openLive(options, call);
  const up = infoFields(await ask(['INFO', 'server'], { signal: call.signal })).get('uptime_in_seconds');
  const commands = infoFields(await ask(['INFO', 'commandstats'], { signal: call.signal }));
  const started = Date.now() - Number(up) * 1000;
  return (
    started + CLOCKS < Date.parse(place.at) &&
    !commands.has('cmdstat_replicaof') &&
    !commands.has('cmdstat_slaveof')
  );
}

/** The RDB of what the restore replaced, or of what an undo set aside. Fails with `store.gone` on another worker. */
export async function keptByReplication(
  options: RedisStoreOptions,
  place: RestorePlace,
): Promise<string | undefined> {
  const kept = keptFolder(options, place);
  if (!(await kept.state()))
    throw new SteadyError('store.gone', {
      ...kept.where,
      says: 'what another worker keeps is not seen here',
    });
  return [kept.safety, kept.undone].find((file) => existsSync(file));
}

/** Removes what the restore and its undo kept on this worker. */
export async function releaseReplication(options: RedisStoreOptions, place: RestorePlace): Promise<string[]> {
  const kept = keptFolder(options, place);
  if (!(await kept.state()))
    return [`nothing to do: nothing of this restore is kept on the worker ${kept.where.worker}`];
  await kept.remove();
  return [`removed ${kept.folder}`];
}
