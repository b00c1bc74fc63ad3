import type { StoredStream } from '../../../contracts/stored/document.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { BackupWriter } from '../port.js';
import type { Access } from './access.js';
import { openCopyWorker, type CopyJob, type CopyWorker } from './copy-out.js';
import type { BigTable } from './copy-plan.js';
import { endOwnBackends } from './leftovers.js';
import { tablePattern } from './quote.js';
import { SECTIONS, type Section } from './sections.js';
import type { Snapshot } from './snapshot.js';
import { dumpFailure } from './sql-failure.js';
import { lanes, milestone, together } from './together.js';

export interface DumpStreamsOptions {
  readonly big: readonly BigTable[];
  /** What pg_dump gets beside the connection's environment. */
  readonly env: Record<string, string>;
  readonly writer: BackupWriter;
}

/**
 * Moves the sections of pg_dump and the big tables, `jobs` streams of rows at a time, while `beside` goes on in the
 * session of the snapshot. When one fails, the backends of this attempt are ended, and with them all streams.
 *
 * It cannot hang on locks: workers and all three pg_dump take theirs at once and before the first byte, and every wait
 * has the lock timeout. An ALTER TABLE or TRUNCATE that comes in the moment between our first lock and pg_dump's lets
 * pg_dump's wait run out, which is `store.locked` and tried again; one that comes later waits for the backup.
 */
export async function dumpStreams(
  access: Access,
  snapshot: Snapshot,
  { big, env, writer }: DumpStreamsOptions,
  beside: () => Promise<void>,
): Promise<StoredStream[]> {
  const { config } = access.options;
  const streams: StoredStream[] = [];
  const keep = (stream: StoredStream): void => void streams.push(stream);
  const jobs: CopyJob[] = big.flatMap((table) => table.streams.map((stream) => ({ table, stream })));
  const workers = await openWorkers(access, snapshot, big, Math.min(config.jobs, jobs.length));
  access.call.say(`copying ${snapshot.tables.length} tables, ${jobs.length} streams apart`);

  const dataEnd = milestone();
  const sections = SECTIONS.map((section) => async () => {
    try {
      keep(await writer.stream(section, pgDump(access, snapshot, section, { big, env })));
    } catch (error) {
      throw dumpFailure(error);
    } finally {
      if (section === 'data') dataEnd.reach();
    }
  });
  const copies = lanes(workers.length, jobs, async (job, lane) => {
    keep(await (workers[lane] as CopyWorker).copy(job, writer));
  });
  // The first lane begins when pg_dump's data have ended, so that `jobs` streams of rows move at a time.
  const paced = copies.map((lane, index) => async () => {
    if (index === 0) await dataEnd.reached;
    await lane();
  });
  try {
    await together([...sections, ...paced, beside], () => endOwnBackends(access, config.database));
    await Promise.all(workers.map((worker) => worker.close()));
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
  return streams;
}

async function openWorkers(
  access: Access,
  snapshot: Snapshot,
  big: readonly BigTable[],
  count: number,
): Promise<CopyWorker[]> {
  const workers: CopyWorker[] = [];
  try {
    while (workers.length < count)
      workers.push(await openCopyWorker(access, access.options.config.database, snapshot, big));
    return workers;
  } catch (error) {
    await Promise.all(workers.map((worker) => worker.end()));
    throw error;
  }
}

function pgDump(
  access: Access,
  snapshot: Snapshot,
  section: Section,
  { big, env }: Pick<DumpStreamsOptions, 'big' | 'env'>,
): PlacedTool {
  const { config } = access.options;
  const apart =
    section === 'data' ? big.map((t) => `--exclude-table-data=${tablePattern(t.schema, t.name)}`) : [];
  const wait = `--lock-wait-timeout=${config.lockTimeout * 1000}`;
  const args = [
    '-Fc',
    '-Z0',
    `--section=${section}`,
    `--snapshot=${snapshot.id}`,
    wait,
    '--no-password',
    ...apart,
  ];
  return access.tool('pg_dump', args, { database: config.database, env });
}
