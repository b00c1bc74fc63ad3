import { rename } from 'node:fs/promises';
import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { BackupReader, RestorePlace, StoreCall, UndoOptions } from '../port.js';
import { assertEqual, compareLoaded } from './compare-loaded.js';
import type { RedisStoreOptions } from './context.js';
import type { CutoverResult } from './cutover-files.js';
import { writerOf } from './detail.js';
import { STREAMS } from './dump.js';
import { fetchRdb } from './fetch-rdb.js';
import { keyspaceOf } from './info.js';
import { keptFolder } from './kept-folder.js';
import { liveServer, liveSettings, openLive, servicePlace, workerPlace } from './live.js';
import { functionLibraries, keyCounts } from './loaded-facts.js';
import { openOwnPlace } from './own-place.js';
import { bring } from './rdb-facts.js';
import { endReplication, replicate } from './replicate.js';
import { comparableFacts, stateOf } from './restore-state.js';

/** Brings the RDB to the worker; the live server is not touched. */
export async function loadForReplication(
  options: RedisStoreOptions,
  call: StoreCall,
  reader: BackupReader,
  place: RestorePlace,
): Promise<void> {
  const kept = keptFolder(options, place);
  const state = await kept.state();
  if (state && state.phase !== 'loaded') {
    call.say('nothing to do: the cut-over has begun, the data are loaded');
    return;
  }
  await kept.remove();
  await kept.make();
  const place_ = workerPlace(options, call);
  await reader.stream(
    STREAMS.rdb,
    place_({ argv: ['dd', `of=${kept.restored}`, 'bs=1M', 'conv=fsync'], env: { LC_ALL: 'C' } }),
  );
  const { databases, modules } = stateOf(reader.manifest);
  await kept.write({ version: 1, phase: 'loaded', databases, modules, gapSeconds: 0 });
}

export async function compareForReplication(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<string[]> {
  const state = stateOf(manifest);
  const { folder, restored } = keptFolder(options, place);
  const { rdbVersion } = state;
  const own = await openOwnPlace(options, call, { folder, rdbVersion, writer: writerOf(manifest) });
  try {
    const rdb = own.container ? await bring(own, restored, call.signal) : restored;
    return await compareLoaded({
      ...{ signal: call.signal, place: own.place, serve: own.serve, bin: options.config.bin },
      ...{ rdb, socketFolder: own.container ? own.folder : undefined, state },
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
  const state = await kept.state();
  if (!state)
    throw new SteadyError('store.blocked', { says: 'nothing is loaded on this worker', token: place.token });
  const notes = [`the replaced data are kept in ${kept.safety} on the worker`];
  if (state.phase === 'switched') return { gapSeconds: state.gapSeconds, notes };
  const live = await openLive(options, call);
  if (state.phase === 'loaded') {
    call.say('keeping an RDB of the live data');
    const settings = await liveSettings(live.ask, call.signal);
    const cat = (path: string) => servicePlace(options, call)({ argv: ['cat', '--', path] });
    await fetchRdb({ call, live, settings, cat, file: `${kept.safety}.new` });
    await rename(`${kept.safety}.new`, kept.safety);
    await kept.write({ ...state, phase: 'safe' });
  }
  const begun = Date.now();
  await replicate({ options, call, target: live.ask, file: kept.restored, token: place.token, state });
  await endReplication(live.ask, call.signal);
  const gapSeconds = (Date.now() - begun) / 1000;
  await kept.write({ ...state, phase: 'switched', gapSeconds });
  return { gapSeconds, notes };
}

export async function undoByReplication(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
  { finished = false }: UndoOptions = {},
): Promise<string[]> {
  const kept = keptFolder(options, place);
  const state = await kept.state();
  if (!state && finished)
    throw new SteadyError('store.gone', {
      folder: kept.folder,
      says: 'it is not kept on this worker any more',
    });
  if (!state) return ['nothing to do: nothing of this restore is on this worker'];
  if (state.phase === 'undone') return ['switched back already'];
  if (state.phase === 'loaded') {
    await kept.remove();
    return ['removed what was loaded on the worker; the live data were not touched'];
  }
  const live = await openLive(options, call);
  await endReplication(live.ask, call.signal);
  await replicate({ options, call, target: live.ask, file: kept.safety, token: place.token, state });
  await endReplication(live.ask, call.signal);
  await kept.write({ ...state, phase: 'undone' });
  return [
    'the data from before the cut-over are back; writes since then are lost, for the server keeps one data set only',
  ];
}

export async function releaseReplication(options: RedisStoreOptions, place: RestorePlace): Promise<string[]> {
  const kept = keptFolder(options, place);
  if (!(await kept.state())) return ['nothing to do: nothing of this restore is kept any more'];
  await kept.remove();
  return [`removed ${kept.folder}`];
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
