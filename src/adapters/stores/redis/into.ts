import { isAbsolute } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { BackupReader, RestorePlace, StoreCall } from '../port.js';
import { compareHere } from './compare-loaded.js';
import type { RedisStoreOptions } from './context.js';
import { createDataFiles, type DataFiles } from './data-files.js';
import { detailOf, writerOf } from './detail.js';
import { STREAMS } from './dump.js';
import { keyspaceOf } from './info.js';
import { keptFolder } from './kept-folder.js';
import { layOutAppendOnly } from './layout.js';
import { liveServer, openLive, workerPlace } from './live.js';
import { layoutNames } from './load-files.js';
import { compareRunning, loadForReplication } from './replica-phases.js';
import { endReplication, isOurReplica, replicate } from './replicate.js';
import { stateOf } from './restore-state.js';
import { assertReadsRdb } from './versions.js';

/** Destination of `--into`: a new folder for the data files, or an empty server as HOST:PORT. */
export type IntoPlace =
  | { readonly kind: 'folder'; readonly folder: string }
  | { readonly kind: 'server'; readonly host: string; readonly port: number };

/** @throws `usage.invalid` when it is neither. */
export function parseInto(into: string | undefined): IntoPlace {
  if (into !== undefined && isAbsolute(into)) return { kind: 'folder', folder: into };
  const m = /^([^:/\s]+):(\d{1,5})$/.exec(into ?? '');
  if (m?.[1] && Number(m[2]) > 0 && Number(m[2]) < 65_536)
    return { kind: 'server', host: m[1], port: Number(m[2]) };
  throw new SteadyError('usage.invalid', {
    into,
    allowed: 'an absolute path of a new folder, or HOST:PORT of an empty Redis',
  });
}

const MARKER = (place: RestorePlace): string => `.steady-into-${place.token}`;

function folderFiles(options: RedisStoreOptions, call: StoreCall, folder: string): DataFiles {
  return createDataFiles({ folder, place: workerPlace(options, call), signal: call.signal });
}

/** The same store, but another server. */
function elsewhere(
  options: RedisStoreOptions,
  { host, port }: { host: string; port: number },
): RedisStoreOptions {
  // The same TLS; the name is the one it is given by.
  const config = {
    ...options.config,
    tls: options.config.tls && { ...options.config.tls, serverName: undefined },
  };
  return {
    ...options,
    service: undefined,
    config: { ...config, service: undefined, process: undefined, host, port },
  };
}

/** @throws `store.not-empty`, unless what is there was made by an earlier attempt of this restore. */
export async function assertEmpty(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<void> {
  const into = parseInto(place.into);
  if (into.kind === 'folder') {
    const names = await folderFiles(options, call, into.folder).list();
    if (names && names.length > 0 && !names.includes(MARKER(place)))
      throw new SteadyError('store.not-empty', { folder: into.folder });
    return;
  }
  const live = await openLive(elsewhere(options, into), call);
  const server = await liveServer(live.ask, call.signal);
  assertReadsRdb(server, detailOf(manifest).rdbVersion, writerOf(manifest));
  if (keyspaceOf(server.info).size > 0 && !(await isOurReplica(live.ask, place.token, call.signal))) {
    throw new SteadyError('store.not-empty', { server: place.into });
  }
}

export async function loadInto(
  options: RedisStoreOptions,
  call: StoreCall,
  reader: BackupReader,
  place: RestorePlace,
): Promise<void> {
  const into = parseInto(place.into);
  await assertEmpty(options, call, reader.manifest, place);
  if (into.kind === 'server') {
    const other = elsewhere(options, into);
    await loadForReplication(other, call, reader, place);
    const live = await openLive(other, call);
    const kept = keptFolder(other, place);
    await replicate({
      options: other,
      call,
      target: live.ask,
      file: kept.restored,
      token: place.token,
      state: stateOf(reader.manifest),
    });
    return;
  }
  const files = folderFiles(options, call, into.folder);
  const old = await files.list();
  await files.remove(...(old ?? []));
  await files.makeFolder();
  await files.write(MARKER(place), '');
  const layout = layoutNames(undefined, detailOf(reader.manifest), reader.manifest.server.major);
  await reader.stream(STREAMS.rdb, files.writer(layout.dbfilename));
  // Both forms: which one the new server reads is its own setting.
  await layOutAppendOnly(files, '.', layout.dbfilename, layout);
}

export async function compareInto(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<string[]> {
  const into = parseInto(place.into);
  if (into.kind === 'server') {
    const findings = await compareRunning(elsewhere(options, into), call, manifest);
    await finishInto(options, call, place);
    return findings;
  }
  const files = folderFiles(options, call, into.folder);
  const layout = layoutNames(undefined, detailOf(manifest), manifest.server.major);
  const rdb = files.path(layout.dbfilename);
  const findings = await compareHere(options, call, { rdb, state: stateOf(manifest) });
  await finishInto(options, call, place);
  return findings;
}

/** Once compared: takes our marks away, so that the new place holds nothing but the data. Safe to repeat. */
export async function finishInto(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
): Promise<void> {
  const into = parseInto(place.into);
  if (into.kind === 'folder') {
    await folderFiles(options, call, into.folder).remove(MARKER(place));
    return;
  }
  const other = elsewhere(options, into);
  const live = await openLive(other, call);
  await endReplication(live.ask, call.signal);
  await keptFolder(other, place).remove();
}

/** Removes what the load made; a place that was finished is left alone. */
export async function undoInto(
  options: RedisStoreOptions,
  call: StoreCall,
  place: RestorePlace,
): Promise<string[]> {
  const into = parseInto(place.into);
  if (into.kind === 'folder') {
    const files = folderFiles(options, call, into.folder);
    const names = await files.list();
    if (!names?.includes(MARKER(place))) return ['nothing to do: the folder is not of an unfinished restore'];
    await files.remove(...names);
    return [`emptied ${into.folder}`];
  }
  const other = elsewhere(options, into);
  const live = await openLive(other, call);
  const ours = await isOurReplica(live.ask, place.token, call.signal);
  await keptFolder(other, place).remove();
  if (!ours) return ['nothing to do: the server is not of an unfinished restore'];
  await live.ask(['REPLICAOF', 'NO', 'ONE'], { signal: call.signal });
  await live.ask(['FLUSHALL'], { signal: call.signal, limitSeconds: 600 });
  await endReplication(live.ask, call.signal);
  return [`emptied ${String(place.into)}`];
}
