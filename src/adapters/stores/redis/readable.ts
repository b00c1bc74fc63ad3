import { createWriteStream } from 'node:fs';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { Tool } from '../../../pipelines/tool.js';
import type { BackupReader, StoreCall } from '../port.js';
import { withScratchFolder } from '../scratch-folder.js';
import type { RedisStoreOptions } from './context.js';
import { detailOf, rdbBytes, writerOf } from './detail.js';
import { STREAMS } from './dump.js';
import { openOwnPlace } from './own-place.js';
import { checkRdbBeside, checkRdbByServer } from './programs.js';
import { bring } from './rdb-facts.js';
import { readRdbHeader } from './rdb-header.js';
import { assertRoom } from '../room.js';

/**
 * Brings the RDB to a private file and has redis-check-rdb walk it to its end and check its own checksum; the other
 * streams are read to their ends. Throws `verify.failed` with what redis-check-rdb says.
 */
export function readable(
  options: RedisStoreOptions,
  call: StoreCall,
  reader: BackupReader,
): Promise<string[]> {
  const work = async (folder: string): Promise<string[]> => {
    const findings: string[] = [];
    const detail = detailOf(reader.manifest);
    const file = join(folder, 'dump.rdb');
    await assertRoom(folder, rdbBytes(reader.manifest), 'the RDB, to be read to its end');
    await pipeline(reader.open(STREAMS.rdb), createWriteStream(file, { mode: 0o600 }));
    const header = await readRdbHeader(file);
    if (header.version !== detail.rdbVersion) {
      throw new SteadyError('verify.failed', { 'rdb-version': header.version, manifest: detail.rdbVersion });
    }
    findings.push(await checkRdb(options, call, { file, header: header.version, manifest: reader.manifest }));
    for (const stream of reader.manifest.streams) {
      if (stream.name === STREAMS.rdb) continue;
      const { rawBytes } = await reader.stream(stream.name);
      findings.push(`${stream.name} read to its end: ${rawBytes} bytes`);
    }
    return findings;
  };
  return withScratchFolder('redis', call, work, options.scratch);
}

interface CheckRdb {
  /** The RDB, in a private folder on the worker. */
  readonly file: string;
  readonly header: number;
  readonly manifest: Manifest;
}

async function checkRdb(options: RedisStoreOptions, call: StoreCall, of: CheckRdb): Promise<string> {
  const wanted = { folder: dirname(of.file), rdbVersion: of.header, writer: writerOf(of.manifest) };
  const own = await openOwnPlace(options, call, wanted).catch((error: unknown) => {
    if (error instanceof SteadyError && error.code === 'store.tool-too-old') return error;
    throw error;
  });
  if (own instanceof SteadyError)
    return `RDB ${of.header} read to its end; the redis-check-rdb here (${String(own.facts['tool'])}) is too old for it`;
  try {
    const file = own.container ? await bring(own, of.file, call.signal) : of.file;
    const check = (argv: Tool['argv']) =>
      runTool(own.place({ argv, env: { LC_ALL: 'C' } }), {
        ...{ signal: call.signal, limitSeconds: 3600, okCodes: [0, 1] },
      });
    const { stdout, code } = await check([checkRdbBeside(own.server.path), file]).catch((error: unknown) => {
      if (!(error instanceof SteadyError) || error.code !== 'tool.missing') throw error;
      return check(checkRdbByServer(own.server.path, file));
    });
    if (code !== 0)
      throw new SteadyError('verify.failed', {
        tool: 'redis-check-rdb',
        says: stdout.trim().split('\n').slice(-3).join(' | '),
      });
    const keys = /(\d+) keys read/.exec(stdout)?.[1];
    return `redis-check-rdb read the RDB to its end${keys === undefined ? '' : `: ${keys} keys`}`;
  } finally {
    await own.close();
  }
}
