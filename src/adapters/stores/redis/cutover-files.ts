import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, StoreCall } from '../port.js';
import { assertEqual } from './compare-loaded.js';
import type { RedisStoreOptions } from './context.js';
import type { DataFiles } from './data-files.js';
import { liveServer, liveSettings, openLive } from './live.js';
import { functionLibraries, keyCounts } from './loaded-facts.js';
import { keyspaceOf } from './info.js';
import { namesOf, readState, writeState, type RestoreState } from './restore-state.js';
import { startServer, stopServer } from './run-server.js';

export interface CutoverResult {
  readonly gapSeconds: number;
  readonly notes: string[];
}

/**
 * Stops the server, moves its data aside, moves the loaded ones in, starts it and compares. Every move looks first:
 * the kept folder gets its name only when all live data are in it, and `ready` goes only when all new data are in
 * place, so an attempt that died anywhere is taken up where it stood.
 */
export async function cutoverFiles(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
  files: DataFiles,
): Promise<CutoverResult> {
  const names = namesOf(place);
  const done = await readState(files, names.old);
  if (done?.gapSeconds !== undefined) {
    await files.remove(names.work);
    return { gapSeconds: done.gapSeconds, notes: ['switched already'] };
  }
  let state = done ?? (await readState(files, names.work));
  if (!state)
    throw new SteadyError('store.blocked', {
      says: 'nothing is loaded beside the live data',
      token: place.token,
    });

  if ((await files.list(names.ready)) !== undefined) {
    if (state.stoppedAt === undefined) {
      state = { ...state, stoppedAt: new Date().toISOString() };
      await writeState(files, names.work, state);
    }
    call.say('stopping the server');
    await stopServer(options, call);
    call.say(`moving the live data to ${names.old}`);
    await moveAside(files, names.moving, names.old, state.entries);
    call.say('moving the restored data in');
    await moveIn(files, names.ready, '.');
  }
  call.say('starting the server');
  await startServer(options, call);
  const notes = await settleAppendOnly(options, call, files, state);
  await compareLive(options, call, state);

  const gapSeconds = (Date.now() - Date.parse(state.stoppedAt ?? new Date().toISOString())) / 1000;
  await writeState(files, names.old, { ...state, gapSeconds });
  await files.remove(names.work);
  return { gapSeconds, notes };
}

/**
 * Moves those entries that are there into `moving`, then gives that folder its final name. An entry that was moved
 * before and is there again was written by a server started meanwhile, without its data: it must not replace them.
 */
export async function moveAside(
  files: DataFiles,
  moving: string,
  final: string,
  entries: readonly string[],
): Promise<void> {
  if ((await files.list(final)) !== undefined) return;
  await files.makeFolder(moving);
  const moved = (await files.list(moving)) ?? [];
  const there = ((await files.list()) ?? []).filter((name) => entries.includes(name));
  await files.remove(...there.filter((name) => moved.includes(name)));
  await files.moveInto(
    '.',
    there.filter((name) => !moved.includes(name)),
    moving,
  );
  await files.rename(moving, final);
}

/**
 * Moves all entries of a folder into the data folder and removes it. What lies in the way there was written by a
 * server started between two attempts, after the live data had been moved aside.
 */
export async function moveIn(files: DataFiles, from: string, to: string): Promise<void> {
  for (const name of (await files.list(from)) ?? []) {
    if (name.startsWith('.steady')) continue;
    await files.remove(`${to}/${name}`);
    await files.moveInto(from, [name], to);
  }
  await files.remove(from);
}

/** With the server down at the load, both forms were laid out; now it tells which of the two it does not use. */
async function settleAppendOnly(
  options: RedisStoreOptions,
  call: StoreCall,
  files: DataFiles,
  state: RestoreState,
): Promise<string[]> {
  if (state.appendonly !== 'unknown') return [];
  const live = await openLive(options, call);
  const settings = await liveSettings(live.ask, call.signal);
  if (settings?.appendonly !== false) return [];
  await files.remove(state.appendEntry);
  return [`${state.appendEntry} was laid out as well and is removed: the server is not append-only`];
}

async function compareLive(options: RedisStoreOptions, call: StoreCall, state: RestoreState): Promise<void> {
  const live = await openLive(options, call);
  const server = await liveServer(live.ask, call.signal);
  const libraries = await functionLibraries(live.ask, server.major);
  const found = { ...keyCounts(keyspaceOf(server.info)), digests: {}, names: { functions: libraries } };
  assertEqual(state.facts, found, false);
}
