import type { BackupWriter, DumpResult, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { contentFacts, contentNames } from './content-facts.js';
import { planCopies, type BigTable } from './copy-plan.js';
import { databaseFacts, serverNeeds, subscriptionNames, type Needs } from './database-facts.js';
import { databaseFactsSchema, type Detail, type RoleUse } from './detail.js';
import { dumpGlobals, type Globals } from './dump-globals.js';
import { dumpStreams } from './dump-streams.js';
import { endLeftovers, endOwnBackends } from './leftovers.js';
import { moneyEnvironment } from './money.js';
import { refusePooler } from './pooler.js';
import { roleUse } from './role-use.js';
import { openSnapshot, type Snapshot } from './snapshot.js';

/**
 * Takes one backup: pg_dump's three sections, roles, and big tables in streams of their own, all under one snapshot
 * whose session stays open until the last stream has ended. Runs again safely: it changes nothing in the store and
 * first ends what an earlier attempt left.
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
  try {
    return await dumpAll(access, writer);
  } catch (error) {
    await endOwnBackends(access, database);
    throw error;
  }
}

async function dumpAll(access: Access, writer: BackupWriter): Promise<DumpResult> {
  const snapshot = await openSnapshot(access, access.options.config.database);
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
  const { session, tables } = snapshot;
  const database = databaseFactsSchema.parse(await databaseFacts(session, config.database));
  const big = planCopies(tables, access.tuning, {
    ranges: access.server.major >= 14,
    anyName: database.encoding === 'UTF8',
  });
  const gathered = {} as Gathered;
  const env = await moneyEnvironment(access, session, config.database);
  const streams = await dumpStreams(access, snapshot, { big, env, writer }, async () => {
    gathered.needs = await serverNeeds(session);
    gathered.roleUse = await roleUse(session);
    gathered.subscriptions = await subscriptionNames(session);
    gathered.globals = await dumpGlobals(access, session, writer);
    gathered.facts = await contentFacts(session, tables, {
      digests: config.digests,
      countedElsewhere: new Set(big.map((table) => table.label)),
      names: await contentNames(session),
    });
  });
  const { facts, globals, needs, subscriptions } = gathered;
  for (const table of big) facts.counts[table.label] = rowsIn(table, streams);
  const detail: Detail = { database, roles: globals.roles, ...needs, roleUse: gathered.roleUse, big };
  return {
    method: 'logical',
    takenAt: snapshot.takenAt,
    server: { product: 'PostgreSQL', ...access.server },
    tools: { pg_dump: access.tools.version },
    streams: [...globals.streams, ...streams],
    facts,
    detail,
    notes: [
      ...globals.notes,
      ...(subscriptions.length > 0
        ? [`subscriptions are in this backup, but no restore makes them: ${subscriptions.join(', ')}`]
        : []),
    ],
  };
}

/** What is asked in the session of the snapshot while the streams move. */
interface Gathered {
  needs: Needs;
  roleUse: RoleUse;
  subscriptions: string[];
  globals: Globals;
  facts: DumpResult['facts'];
}

function rowsIn(table: BigTable, streams: DumpResult['streams']): number {
  const names = new Set(table.streams.map((s) => s.stream));
  return streams.filter((s) => names.has(s.name)).reduce((rows, s) => rows + (s.lines ?? 0), 0);
}
