import { createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { BackupReader, StoreCall } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { detailOf, writerOf } from './detail.js';
import { STREAMS } from './dump.js';
import { workerPlace } from './live.js';
import { checkRdbBeside, findServer } from './programs.js';
import { readRdbHeader } from './rdb-header.js';
import { withScratchFolder } from './scratch-folder.js';
import { readsRdb } from './versions.js';

/**
 * Brings the RDB to a private file and has redis-check-rdb walk it to its end and check its own checksum; the other
 * streams are read to their ends. Throws `verify.failed` with what redis-check-rdb says.
 */
export function readable(
  options: RedisStoreOptions,
  call: StoreCall,
  reader: BackupReader,
): Promise<string[]> {
  return withScratchFolder(call, async (folder) => {
    const findings: string[] = [];
    const detail = detailOf(reader.manifest);
    const file = join(folder, 'dump.rdb');
    await pipeline(reader.open(STREAMS.rdb), createWriteStream(file, { mode: 0o600 }));
    const header = await readRdbHeader(file);
    if (header.version !== detail.rdbVersion) {
      throw new SteadyError('verify.failed', { 'rdb-version': header.version, manifest: detail.rdbVersion });
    }
    const place = workerPlace(options, call);
    const server = await findServer(options.config.bin, place);
    if (readsRdb(server.version, header.version, writerOf(reader.manifest))) {
      const tool = place({ argv: [checkRdbBeside(server.path), file], env: { LC_ALL: 'C' } });
      const { stdout, code } = await runTool(tool, {
        signal: call.signal,
        limitSeconds: 3600,
        okCodes: [0, 1],
      });
      if (code !== 0)
        throw new SteadyError('verify.failed', {
          tool: 'redis-check-rdb',
          says: stdout.trim().split('\n').slice(-3).join(' | '),
        });
      const keys = /(\d+) keys read/.exec(stdout)?.[1];
      findings.push(`redis-check-rdb read the RDB to its end${keys === undefined ? '' : `: ${keys} keys`}`);
    } else {
      findings.push(
        `RDB ${header.version} read to its end; the redis-check-rdb here (${server.version.version}) is too old for it`,
      );
    }
    for (const stream of reader.manifest.streams) {
      if (stream.name === STREAMS.rdb) continue;
      const { rawBytes } = await reader.stream(stream.name);
      findings.push(`${stream.name} read to its end: ${rawBytes} bytes`);
    }
    return findings;
  });
}
