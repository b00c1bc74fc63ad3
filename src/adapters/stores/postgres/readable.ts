import { SteadyError } from '../../../contracts/failures.js';
import type { Tool } from '../../../pipelines/tool.js';
import type { BackupReader, StoreCall } from '../port.js';
import { placer, type StoreOptions } from './access.js';
import type { BigTable } from './copy-plan.js';
import { countLines, countTuples, NotACopy } from './copy-rows.js';
import { readDetail } from './detail.js';
import { dumpTools } from './find-tools.js';
import { SECTIONS } from './sections.js';
import { writtenBy } from './versions.js';

/**
 * Walks every stream to its end: pg_restore reads the archives as it would for a restore, into nothing (`--list` would
 * read the table of contents only); rows of big tables are counted and compared. Needs no server: a service's pg_restore
 * is run in a throwaway container of its image, so that a proof neither needs the service nor takes its time.
 */
export async function readable(
  options: StoreOptions,
  call: StoreCall,
  reader: BackupReader,
): Promise<string[]> {
  const { config, runtime } = options;
  if (config.service === undefined || runtime.kind !== 'compose') return walk(options, call, reader);
  await runtime.endMarked({ marker: call.markerPrefix });
  const { marker, signal } = call;
  const container = await runtime.openThrowaway({ of: { service: config.service }, marker, signal });
  try {
    const inside = { ...runtime, place: (tool: Tool) => container.place(tool) };
    return await walk({ ...options, runtime: inside }, call, reader);
  } finally {
    await container.close();
  }
}

async function walk(options: StoreOptions, call: StoreCall, reader: BackupReader): Promise<string[]> {
  const detail = readDetail(reader.manifest);
  const { config } = options;
  const tools = await dumpTools({
    place: (argv) => placer(options, call, undefined)({ argv }),
    signal: call.signal,
    bin: config.bin,
    local: config.service === undefined,
    wanted: writtenBy(reader.manifest),
  });
  const place = placer(options, call, tools.bin);
  const findings: string[] = [];
  for (const section of SECTIONS) {
    call.say(`reading ${section}`);
    const { rawBytes } = await reader.stream(
      section,
      place({ argv: ['pg_restore', '-f', '/dev/null'], env: { LC_ALL: 'C' } }),
    );
    findings.push(`${section}: archive of ${rawBytes} bytes read to its end by pg_restore`);
  }
  for (const table of detail.big) {
    let rows = 0;
    for (const { stream } of table.streams) {
      call.say(`reading ${stream}`);
      const found = await countRows(table, stream, reader);
      const wanted = reader.manifest.streams.find((s) => s.name === stream)?.lines;
      if (found !== wanted) throw new SteadyError('stream.corrupt', { stream, rows: found, wanted });
      rows += found;
    }
    findings.push(`${table.label}: ${rows} rows in ${table.streams.length} streams`);
  }
  for (const name of ['globals', 'roles']) {
    const { rawBytes } = await reader.stream(name);
    if (rawBytes === 0) throw new SteadyError('stream.corrupt', { stream: name, bytes: 0 });
    findings.push(`${name}: ${rawBytes} bytes`);
  }
  return findings;
}

async function countRows(table: BigTable, stream: string, reader: BackupReader): Promise<number> {
  try {
    const source = reader.open(stream);
    return await (table.binary === true ? countTuples(source, table.columns.length) : countLines(source));
  } catch (error) {
    if (!(error instanceof NotACopy)) throw error;
    throw new SteadyError('stream.corrupt', { stream, says: error.message });
  }
}
