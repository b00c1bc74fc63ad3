import type { BackupReader, RestorePlace, StoreCall } from '../port.js';
import type { DataFiles } from './data-files.js';
import { detailOf } from './detail.js';
import { STREAMS } from './dump.js';
import { appendBase, appendEntry, layOutAppendOnly, type LayoutNames } from './layout.js';
import type { LiveSettings } from './live.js';
import { namesOf, stateOf, writeState } from './restore-state.js';

/** Names from the live server, else from the backup, else the defaults of the backup's version. */
export function layoutNames(
  settings: LiveSettings | undefined,
  detail: ReturnType<typeof detailOf>,
  major: number,
): LayoutNames {
  return {
    dbfilename: settings?.dbfilename ?? detail.dbfilename ?? 'dump.rdb',
    appendfilename: settings?.appendfilename ?? detail.appendfilename ?? 'appendonly.aof',
    appenddirname: settings
      ? settings.appenddirname
      : (detail.appenddirname ?? (major >= 7 ? 'appendonlydir' : undefined)),
  };
}

/**
 * Lays the backup out in a folder beside the live data, as the server will find it: an append-only server gets the RDB
 * as the base of its append-only data. Running again begins from an empty folder; nothing live is touched.
 */
export async function loadBesideFiles(
  call: StoreCall,
  reader: BackupReader,
  place: RestorePlace,
  files: DataFiles,
  settings: LiveSettings | undefined,
): Promise<void> {
  const names = namesOf(place);
  if ((await files.list(names.old)) !== undefined) {
    call.say('nothing to do: the cut-over has begun, the data are loaded');
    return;
  }
  await files.remove(names.work);
  const layout = layoutNames(settings, detailOf(reader.manifest), reader.manifest.server.major);
  const appendonly = settings === undefined ? 'unknown' : settings.appendonly ? 'yes' : 'no';
  const rdb = appendonly === 'yes' ? appendBase(layout) : layout.dbfilename;

  await files.makeFolder(names.work);
  await files.makeFolder(names.ready);
  if (appendonly === 'yes' && layout.appenddirname !== undefined)
    await files.makeFolder(names.ready, layout.appenddirname);
  await reader.stream(STREAMS.rdb, files.writer(`${names.ready}/${rdb}`));
  if (appendonly !== 'no') await layOutAppendOnly(files, names.ready, rdb, layout);
  await files.ownAsFolder(names.ready);
  await writeState(files, names.work, {
    version: 1,
    ...stateOf(reader.manifest),
    appendonly,
    appendEntry: appendEntry(layout),
    rdb: `ready/${rdb}`,
    // Before 7 the append-only data are a file, from 7 on a folder; after an upgrade both may be there.
    entries: [...new Set([layout.dbfilename, layout.appendfilename, appendEntry(layout)])],
  });
}
