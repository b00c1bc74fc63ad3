import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { BackupReader, RestorePlace, StoreCall } from '../port.js';
import { assertEqual, compareLoaded } from './compare-loaded.js';
import type { RedisStoreOptions } from './context.js';
import type { CutoverResult } from './cutover-files.js';
import { rdbBytes, writerOf } from './detail.js';
import { STREAMS } from './dump.js';
import { keyspaceOf } from './info.js';
import { keepLive } from './keep-live.js';
import { keptFolder, type KeptFolder, type ReplicaState } from './kept-folder.js';
import { liveServer, openLive, workerPlace } from './live.js';
import { functionLibraries, keyCounts } from './loaded-facts.js';
import { openOwnPlace } from './own-place.js';
import { bring } from './rdb-facts.js';
import { endReplication, replicate } from './replicate.js';
import { comparableFacts, stateOf } from './restore-state.js';
import { assertRoom } from '../room.js';

/**
 * Brings the RDB to the worker; the live server is not touched. The folder and its state come first: from then on a
 * phase that finds none knows that it is on another worker, or too late.
 */
export async function loadForReplication(
  options: RedisStoreOptions,
  call: StoreCall,
  reader: BackupReader,
  place: RestorePlace,
): Promise<void> {
  const kept = keptFolder(options, place);
  const phase = (await kept.state())?.phase;
  if (phase === 'safe' || phase === 'switched') {
    call.say('nothing to do: the cut-over has begun, the data are loaded');
    return;
  }
  if (phase === 'undoing' || phase === 'undone') throw blocked(kept, place, WAS_UNDONE);
  const { databases, modules } = stateOf(reader.manifest);
  const state = { version: 1, databases, modules, gapSeconds: 0 } as const;
  await kept.make();
  await kept.write({ ...state, phase: 'loading' });
  await assertRoom(kept.folder, rdbBytes(reader.manifest), 'the RDB to restore');
  const here = workerPlace(options, call);
  await reader.stream(
    STREAMS.rdb,
    here({ argv: ['dd', `of=${kept.restored}`, 'bs=1M', 'conv=fsync'], env: { LC_ALL: 'C' } }),
  );
  await kept.write({ ...state, phase: 'loaded' });
}

export async function compareForReplication(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<string[]> {
  const state = stateOf(manifest);
  const kept = keptFolder(options, place);
  const { folder, restored } = kept;
  const phase = (await stateToSwitch(kept, place)).phase;
  if (phase === 'switched') throw blocked(kept, place, 'it is switched already');
  const { rdbVersion } = state;
  const own = await openOwnPlace(options, call, { folder, rdbVersion, writer: writerOf(manifest) });
  try {
    const rdb = own.container ? await bring(own, restored, call.signal) : restored;
    return await compareLoaded({
      ...{ signal: call.signal, place: own.place, serve: own.serve, bin: options.config.bin },
      ...{ rdb, socket: own.socket, state },
    });
  } finally {
    await own.close();
  }
}

/** Takes a safety RDB of the live data, then has the server replicate the restored data from a Redis of our own. */
export async function cutoverByReplication(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
): Promise<CutoverResult> {
  const kept = keptFolder(options, place);
  const state = await stateToSwitch(kept, place);
  const notes = [`the replaced data are kept in ${kept.safety} on the worker ${kept.where.worker}`];
  if (state.phase === 'switched') {
    await kept.remove(kept.restored);
    return { gapSeconds: state.gapSeconds, notes };
  }
  const live = await openLive(options, call);
  const first = state.phase === 'loaded';
  let begun = Date.now();
  await replicate({
    ...{ options, call, target: live.ask, file: kept.restored, token: place.token, state },
    before: async () => {
      if (first) {
        await keepLive(options, call, { live, kept, file: kept.safety });
        await kept.write({ ...state, phase: 'safe' });
      }
      begun = Date.now();
    },
    // Only a first attempt knows that none before it has changed the server.
    ...(first && { untouched: () => kept.write(state) }),
  });
  await endReplication(live.ask, call.signal);
  const gapSeconds = (Date.now() - begun) / 1000;
  await kept.write({ ...state, phase: 'switched', gapSeconds });
  await kept.remove(kept.restored);
  return { gapSeconds, notes };
}

const WAS_UNDONE = 'it was undone';

const blocked = (kept: KeptFolder, place: RestorePlace, says: string): SteadyError =>
  new SteadyError('store.blocked', { ...kept.where, token: place.token, says });

/** @throws `store.blocked` when nothing is loaded here that may be switched to */
async function stateToSwitch(kept: KeptFolder, place: RestorePlace): Promise<ReplicaState> {
  const state = await kept.state();
  if (!state) throw blocked(kept, place, 'nothing is loaded on this worker');
  if (state.phase === 'loading') throw blocked(kept, place, 'the load has not ended');
  if (state.phase === 'undoing' || state.phase === 'undone') throw blocked(kept, place, WAS_UNDONE);
  return state;
}

/** Compares what a running server holds with the manifest, by counts and names. */
export async function compareRunning(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
): Promise<string[]> {
  const live = await openLive(options, call);
  const server = await liveServer(live.ask, call.signal);
  const libraries = await functionLibraries(live.ask, server.major);
  const found = { ...keyCounts(keyspaceOf(server.info)), digests: {}, names: { functions: libraries } };
  return assertEqual(comparableFacts(manifest), found, false);
}
