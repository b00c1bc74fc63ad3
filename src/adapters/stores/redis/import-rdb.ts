import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { recogniseDump } from '../dump-format.js';
import type { BackupWriter, DumpFile, DumpLook, DumpResult, KnownDump, StoreCall } from '../port.js';
import { withScratchFolder } from '../scratch-folder.js';
import type { RedisStoreOptions } from './context.js';
import { STREAMS } from './dump.js';
import { withoutMark } from './rdb-end.js';
import { rdbFacts, type RdbFacts, type RdbFactsOptions } from './rdb-facts.js';
import { parseRdbHeader, readRdbHeader, writerIn } from './rdb-header.js';
import { assertRoom } from '../room.js';

/** More than any server has by default: an RDB does not tell how many there were. */
const DATABASES = 1024;

/** An RDB by its head and its end; it tells the moment of its data itself. */
export function recogniseRdb(look: DumpLook): KnownDump {
  const known = recogniseDump('redis', look);
  refuseCut(look);
  const ctime = Number(parseRdbHeader(look.head).aux.get('ctime'));
  return { ...known, ...(ctime > 0 && { takenAt: new Date(ctime * 1000).toISOString() }) };
}

/** Its last 9 bytes begin with 0xFF; what `redis-cli --rdb -` was told to write may have a mark after them. */
function refuseCut({ file, tail }: DumpLook): void {
  const ends = (mark: number): boolean => tail[tail.length - mark - 9] === 0xff;
  if (!ends(0) && !ends(40)) throw new SteadyError('import.damaged', { file, says: 'the RDB has no end' });
}

/** Loads an RDB into a Redis of our own for its facts, as a backup does, and stores it as it is. */
export function importRdb(
  options: RedisStoreOptions,
  call: StoreCall,
  writer: BackupWriter,
  dump: DumpFile,
): Promise<DumpResult> {
  const work = async (folder: string): Promise<DumpResult> => {
    await assertRoom(folder, dump.rawBytes, 'the RDB, before it is stored');
    const file = join(folder, 'dump.rdb');
    await pipeline(withoutMark(dump.open()), createWriteStream(file, { mode: 0o600 }));
    const header = await readRdbHeader(file);
    const by = writerIn(header);
    call.say('loading the RDB into a Redis of our own');
    const databases = DATABASES;
    const loaded = await loadedFacts(dump, {
      ...{ options, call, file, databases, modules: [], rdbVersion: header.version, writer: by },
    });
    call.say('storing');
    const stored = await writer.content(STREAMS.rdb, createReadStream(file));
    return {
      method: 'rdb, of a dump',
      takenAt: new Date().toISOString(),
      server: { product: by.product, version: by.version, major: by.major },
      tools: { 'redis-server': `${loaded.by.product} ${loaded.by.version}` },
      streams: [stored],
      facts: loaded.facts,
      detail: {
        ...{ rdbVersion: header.version, databases, modules: [] },
        factsBy: `${loaded.by.product} ${loaded.by.major}`,
      },
      notes: [
        'an RDB alone has neither ACLs nor settings; keys whose time is over are left out of its counts',
      ],
    };
  };
  return withScratchFolder('redis', call, work, options.scratch);
}

/** A server that does not load it says why: damage inside, or modules that only the original server had. */
async function loadedFacts({ file }: DumpFile, input: RdbFactsOptions): Promise<RdbFacts> {
  try {
    return await rdbFacts(input);
  } catch (error) {
    if (!(error instanceof SteadyError) || error.code !== 'tool.failed' || error.retryable) throw error;
    const { tool, says } = error.facts;
    throw new SteadyError('import.refused', { file, tool, says }, { cause: error });
  }
}
