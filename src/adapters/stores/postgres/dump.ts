import type { StoredStream } from '../../../contracts/stored/document.js';
import type { BackupWriter, DumpResult, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { contentFacts, contentNames } from './content-facts.js';
import { openCopyWorker, type CopyJob, type CopyWorker } from './copy-out.js';
import { planCopies, type BigTable } from './copy-plan.js';
import { databaseFacts, extensionFacts } from './database-facts.js';
import { databaseFactsSchema, type Detail } from './detail.js';
import { dumpGlobals } from './dump-globals.js';
import { endBackends, endLeftovers } from './leftovers.js';
import { refusePooler } from './pooler.js';
import { tablePattern } from './quote.js';
import { SECTIONS, type Section } from './sections.js';
import { openSnapshot, type Snapshot } from './snapshot.js';
import { dumpFailure } from './sql-failure.js';
import { lanes, together } from './together.js';

/**
 * Takes one backup: pg_dump's three sections, roles, and big tables in streams of their own, all under one snapshot
 * whose session stays open until the last stream has ended. Runs again safely: it changes nothing in the store and
 * first ends what an earlier attempt left.
 *
 * It cannot hang on locks: our sessions take theirs before the first byte, pg_dump takes its own as it starts, and every
 * wait has the lock timeout. An ALTER TABLE that comes in between makes pg_dump's wait run out: `store.locked`, retried.
 */
export async function dump(
  options: StoreOptions,
  call: StoreCall,
  writer: BackupWriter,
): Promise<DumpResult> {
  const { database } = options.config;
  const access = await openAccess(options, call, database);
  await endLeftovers(access, database);
  await refusePooler(access, database);
  call.say('locking tables');
  const snapshot = await openSnapshot(access, database);
  try {
    const result = await dumpUnder(access, snapshot, writer);
    await snapshot.session.run('COMMIT');
    await snapshot.session.close();
    return result;
  } finally {
    await snapshot.session.end();
  }
}

async function dumpUnder(access: Access, snapshot: Snapshot, writer: BackupWriter): Promise<DumpResult> {
  const { config } = access.options;
  const found = databaseFactsSchema.parse(await databaseFacts(snapshot.session, config.database));
  const extensions = await extensionFacts(snapshot.session);
  const names = await contentNames(snapshot.session);
  const big = planCopies(snapshot.tables, access.tuning, {
    ranges: access.server.major >= 14,
    anyName: found.encoding === 'UTF8',
  });
  const apart = new Set(big.map((table) => table.label));

  const streams: StoredStream[] = [];
  const keep = (stream: StoredStream): void => void streams.push(stream);
  const globals = await dumpGlobals(access, snapshot.session, writer);
  const jobs: CopyJob[] = big.flatMap((table) => table.streams.map((stream) => ({ table, stream })));
  const workers = await openWorkers(access, snapshot, big, Math.min(config.jobs, jobs.length));
  access.call.say(`copying ${snapshot.tables.length} tables, ${jobs.length} streams apart`);

  // The first lane begins when pg_dump's data have ended, so that `jobs` streams move at a time.
  let dataEnded: () => void = () => undefined;
  const dataEnd = new Promise<void>((resolve) => (dataEnded = resolve));
  const copies = lanes(workers.length, jobs, async (job, lane) =>
    keep(await (workers[lane] as CopyWorker).copy(job, writer)),
  );
  let facts = emptyFacts();
  const sections = SECTIONS.map((section) => async () => {
    try {
      keep(await writer.stream(section, pgDump(access, snapshot, section, big)));
    } catch (error) {
      throw dumpFailure(error);
    } finally {
      if (section === 'data') dataEnded();
    }
  });
  try {
    await together(
      [
        ...sections,
        ...copies.map((lane, index) => async () => {
          if (index === 0) await dataEnd;
          await lane();
        }),
        async () => {
          facts = await contentFacts(snapshot.session, snapshot.tables, {
            digests: config.digests,
            countedElsewhere: apart,
            names,
          });
        },
      ],
      () => endBackends(access, config.database, access.call.marker),
    );
    await Promise.all(workers.map((worker) => worker.close()));
  } finally {
    await Promise.all(workers.map((worker) => worker.end()));
  }
  for (const table of big) facts.counts[table.label] = rowsIn(table, streams);
  const detail: Detail = { database: found, roles: globals.roles, ...extensions, big };
  return {
    method: 'logical',
    takenAt: snapshot.takenAt,
    server: { product: 'PostgreSQL', ...access.server },
    tools: { pg_dump: access.tools.version },
    streams: [...globals.streams, ...streams],
    facts,
    detail,
    notes: globals.notes,
  };
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

function pgDump(access: Access, snapshot: Snapshot, section: Section, big: readonly BigTable[]) {
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
  return access.tool('pg_dump', args, { database: config.database });
}

function rowsIn(table: BigTable, streams: readonly StoredStream[]): number {
  const names = new Set(table.streams.map((s) => s.stream));
  return streams.filter((s) => names.has(s.name)).reduce((rows, s) => rows + (s.lines ?? 0), 0);
}

const emptyFacts = (): DumpResult['facts'] => ({ counts: {}, atMost: {}, digests: {}, names: {} });
