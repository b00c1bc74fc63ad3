import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { StoredStream } from '../../../contracts/stored/document.js';
import type { BackupWriter, DumpResult, StoreCall } from '../port.js';
import { withScratchFolder } from '../scratch-folder.js';
import type { RedisStoreOptions } from './context.js';
import { fetchRdb } from './fetch-rdb.js';
import { configDocument, dataBytes, infoFields, usersOf } from './info.js';
import { liveModules, liveServer, liveSettings, openLive, refusedIsUndefined, servicePlace } from './live.js';
import { rdbFacts } from './rdb-facts.js';
import { readRdbHeader } from './rdb-header.js';
import { assertRoom } from '../room.js';

/** Names of a Redis backup's streams. */
export const STREAMS = { rdb: 'rdb', acl: 'acl', config: 'config' } as const;

/**
 * One RDB of one moment, with the facts it holds when loaded, and beside it the ACLs and settings where readable. The
 * RDB is first brought to a private file on the worker: drained at full speed it costs the server the least memory,
 * and nothing is stored that a Redis cannot load.
 */
export function dump(options: RedisStoreOptions, call: StoreCall, writer: BackupWriter): Promise<DumpResult> {
  const work = async (folder: string): Promise<DumpResult> => {
    const live = await openLive(options, call);
    const server = await liveServer(live.ask, call.signal);
    const settings = await liveSettings(live.ask, call.signal);
    const modules = (await liveModules(live.ask, call.signal)) ?? [];
    const before = await live.ask(['TIME'], { signal: call.signal });
    const notes: string[] = [];
    await assertRoom(folder, dataBytes(infoFields(server.info)), 'the RDB, before it is stored');

    call.say('taking the RDB');
    const file = join(folder, 'dump.rdb');
    const cat = (path: string) => servicePlace(options, call)({ argv: ['cat', '--', path] });
    const method = await fetchRdb({ call, live, settings, cat, file });
    const header = await readRdbHeader(file);

    call.say('loading the RDB into a Redis of our own');
    const databases = settings?.databases ?? 1024;
    const loads = modules.flatMap(({ load }) => (load === undefined ? [] : [load]));
    const loaded = await rdbFacts({
      ...{ options, call, file, databases, modules: loads },
      ...{ rdbVersion: header.version, writer: server },
    });
    const names = {
      ...loaded.facts.names,
      ...(modules.length > 0 && { modules: modules.map(({ name }) => name).sort() }),
    };

    call.say('storing');
    const streams: StoredStream[] = [await writer.content(STREAMS.rdb, createReadStream(file))];
    const acl = await refusedIsUndefined(() => live.ask(['ACL', 'LIST'], { signal: call.signal }));
    if (acl === undefined) notes.push('the ACLs are not in this backup: the user may not read them');
    else streams.push(await writer.content(STREAMS.acl, oneBuffer(`${acl}\n`)));
    if (settings) streams.push(await writer.content(STREAMS.config, oneBuffer(configDocument(settings.all))));
    else notes.push('the settings are not in this backup: the user may not read them');
    if (settings?.appendonly === false && settings.save === '') {
      notes.push(
        'the server has neither save points nor an append-only file: a crash loses everything since its start',
      );
    }

    // Seconds only, but inside the snapshot; a save another replica waited for may have begun before we asked.
    const ctime = Number(header.aux.get('ctime') ?? before.split('\n')[0]);
    return {
      method: `rdb (${method})`,
      takenAt: new Date(ctime * 1000).toISOString(),
      server: { product: server.product, version: server.version, major: server.major },
      tools: { 'redis-cli': live.cli.says, 'redis-server': `${loaded.by.product} ${loaded.by.version}` },
      streams,
      facts: { ...loaded.facts, names },
      detail: {
        rdbVersion: header.version,
        databases,
        modules: loads,
        factsBy: `${loaded.by.product} ${loaded.by.major}`,
        ...(settings && { appendonly: settings.appendonly, dbfilename: settings.dbfilename }),
        ...(settings && { appendfilename: settings.appendfilename, appenddirname: settings.appenddirname }),
        ...(acl !== undefined && { users: usersOf(acl) }),
      },
      notes,
    };
  };
  return withScratchFolder('redis', call, work, options.scratch);
}

// A generator, for storage takes any stream of buffers.
async function* oneBuffer(text: string): AsyncGenerator<Buffer> {
  yield Buffer.from(text);
}
