import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { LiveFacts, RestorePlace, RestorePreview, StoreCall } from '../port.js';
import { serverHandle, type RedisStoreOptions } from './context.js';
import { detailOf, rdbBytes, writerOf } from './detail.js';
import { dataBytes, infoFields, usersOf } from './info.js';
import { assertEmpty, parseInto } from './into.js';
import { keptFolder } from './kept-folder.js';
import {
  liveModules,
  liveServer,
  liveSettings,
  openLive,
  refusedIsUndefined,
  type LiveSettings,
} from './live.js';
import { liveFactsOf } from './live-facts.js';
import { namesOf } from './restore-state.js';
import { assertRoom } from '../room.js';
import { assertReadsRdb } from './versions.js';
import { chooseWay } from './way.js';

/** Looks at the live server and at the room before anything is touched; throws what forbids the restore. */
export async function preview(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<RestorePreview> {
  detailOf(manifest);
  if (place.mode === 'into') return previewInto(options, call, manifest, place);
  const { live, dataSize, settings, notes } = await lookAtLive(options, call, manifest);
  const way = await chooseWay(options, call, settings);
  const bytes = rdbBytes(manifest);

  if (way.kind === 'replication') {
    if (!live)
      throw new SteadyError('store.blocked', {
        says: `the server is down and its files cannot be reached: ${way.why}`,
      });
    notes.push(`by replication, because ${way.why}`);
    const kept = keptFolder(options, place);
    await assertRoom(kept.folder, bytes + (dataSize ?? 0), 'the RDB to restore, and one of the live data');
    notes.push(
      `unencrypted copies of the data are kept in ${kept.folder} on the worker until the hold ends; only its user can read them`,
    );
    if (place.mode === 'in-place') notes.push('in place is as beside here: an RDB of the live data is kept');
    return {
      words: {
        load: `Fetch the RDB to ${kept.folder}`,
        compare: 'Load it into a Redis of our own and compare',
        cutover: 'Keep an RDB of the live data, then have the server replicate the restored data',
        undo: 'Keep an RDB of what is live then, and have the server replicate the kept data',
      },
      ...{ live, notes, keptAs: kept.safety, stopsStore: false },
    };
  }

  // With the server down both forms of the data are laid out.
  const wanted = bytes * (settings ? 1.05 : 2.1);
  const free = await way.files.free();
  if (free < wanted)
    throw new SteadyError('store.no-room', { folder: way.files.folder, free, wanted: Math.ceil(wanted) });
  if (place.mode === 'in-place') notes.push('in place is as beside here: files are replaced by renaming');
  const names = namesOf(place);
  return {
    words: {
      load: `Lay the data out in ${way.files.path(names.ready)}`,
      compare: 'Load them into a Redis of our own and compare',
      cutover: `Stop ${serverHandle(options)?.name ?? options.name}, move its data to ${names.old}, move the restored data in, start it, compare`,
      undo: `Stop it, move the data of ${names.old} back, start it`,
    },
    ...{ live, notes, keptAs: way.files.path(names.old), stopsStore: true },
  };
}

async function previewInto(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<RestorePreview> {
  await assertEmpty(options, call, manifest, place);
  const where =
    parseInto(place.into).kind === 'folder' ? `the folder ${place.into}` : `the server ${place.into}`;
  const nothing = 'nothing to do: the live data are not touched';
  const words = {
    load: `Load into ${where}`,
    compare: 'Compare with the backup',
    cutover: nothing,
    undo: `Empty ${where}`,
  };
  return { words, notes: [], stopsStore: false };
}

interface LiveLook {
  readonly live: LiveFacts | undefined;
  /** Bytes; what an RDB of the live data will take at most. */
  readonly dataSize?: number | undefined;
  readonly settings: LiveSettings | undefined;
  readonly notes: string[];
}

/** A server that is down does not block its own restore; wrong credentials and wrong versions do. */
async function lookAtLive(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
): Promise<LiveLook> {
  const notes: string[] = [];
  const connection = await openLive(options, call).catch((error: unknown) => {
    if (options.service && error instanceof SteadyError && error.code === 'store.unreachable')
      return undefined;
    throw error;
  });
  const server =
    connection &&
    (await liveServer(connection.ask, call.signal).catch((error: unknown) => {
      if (error instanceof SteadyError && error.code === 'store.unreachable') return undefined;
      throw error;
    }));
  if (!connection || !server) {
    notes.push(
      'the live server does not answer: its present data cannot be counted, and its version is not checked',
    );
    return { live: undefined, settings: undefined, notes };
  }
  const detail = detailOf(manifest);
  assertReadsRdb(server, detail.rdbVersion, writerOf(manifest));
  if (server.role !== 'master')
    throw new SteadyError('store.blocked', { role: server.role, says: 'restore on its primary' });
  if (/^connected_slaves:[1-9]/m.test(server.info)) notes.push('its replicas will copy everything anew');

  const modules = await liveModules(connection.ask, call.signal);
  const missing = (manifest.facts.names['modules'] ?? []).filter(
    (name) => modules && !modules.some((each) => each.name === name),
  );
  if (missing.length > 0) throw new SteadyError('store.blocked', { 'modules missing': missing.join(', ') });
  const acl = await refusedIsUndefined(() => connection.ask(['ACL', 'LIST'], { signal: call.signal }));
  const users = acl === undefined ? undefined : usersOf(acl);
  const absent = (detail.users ?? []).filter((user) => users && !users.includes(user));
  if (absent.length > 0)
    notes.push(`users of the backup that are not here (see its stream acl): ${absent.join(', ')}`);
  return {
    live: liveFactsOf(server),
    dataSize: dataBytes(infoFields(server.info)),
    settings: await liveSettings(connection.ask, call.signal),
    notes,
  };
}
