import { pipeline } from 'node:stream/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { runFed } from '../../../pipelines/feed-tool.js';
import { spawnTool, toolFailure } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import { DUMP_FORMATS, formatOf } from '../dump-format.js';
import type { BackupWriter, DumpFile, DumpResult, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { createDatabaseSql } from './create-database.js';
import { databaseFacts } from './database-facts.js';
import type { DatabaseFacts, Detail } from './detail.js';
import { dump } from './dump.js';
import { dumpHead } from './dump-head.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';
import { LOADING, restoreSection, UNKNOWN_BEFORE_17, withoutLine } from './restore-section.js';
import { openThrowaway } from './scratch.js';
import { withSession, type Session } from './session.js';
import { rolesIn, sqlLines } from './sql-lines.js';

/** Bytes in a database for a byte of a dump, roughly: indexes and row heads come on top, an archive is compressed. */
const GROWS = { sql: 2, custom: 4 } as const;

/**
 * Loads a dump of pg_dump into a throwaway server and backs that up. A script never sees the live server, whatever
 * database it wants to connect to; encoding and locale are taken from the live database where it answers, for such a dump
 * has none. Roles it names are made without rights and passwords.
 */
export async function importDump(
  options: StoreOptions,
  call: StoreCall,
  writer: BackupWriter,
  file: DumpFile,
): Promise<DumpResult> {
  const format = formatOf('postgres', file.head) as 'sql' | 'custom';
  const { user, database } = options.config;
  const head = dumpHead(format, file.head);
  const live = await liveDatabase(options, call);
  const like = live?.facts ?? unknownDatabase(database, { user, encoding: head.encoding });
  const bytes = file.rawBytes * GROWS[format];
  const { own, access, server } = await openThrowaway(options, call, {
    major: Math.max(live?.major ?? 0, head.major),
    ...{ folder: file.folder, detail: emptyDetail({ ...like, bytes }), user, database },
  });
  try {
    const { maintenanceDatabase } = own.config;
    const roles = new Set(await namedRoles(access, format, file));
    roles.delete(user);
    await withSession(access.session(maintenanceDatabase), async (session) => {
      for (const role of roles) await session.run(`CREATE ROLE ${quoteIdentifier(role)}`);
      await session.run(`DROP DATABASE IF EXISTS ${quoteIdentifier(database)}`);
      const { major } = access.server;
      await session.run(createDatabaseSql({ name: database, owner: user, like, major }));
    });
    call.say(`loading ${file.file}`);
    await load(access, database, { format, file });
    const kept = await withSession(access.session(maintenanceDatabase), async (session) => {
      await refuseOthers(session, database, file.file);
      return dropUnused(session, [...roles]);
    });
    call.say('backing up what was loaded');
    const taken = await dump(own, call, writer);
    const from = head.server === undefined ? '' : ` of PostgreSQL ${head.server}`;
    return {
      ...taken,
      method: `logical, of a dump (${DUMP_FORMATS[format].words})`,
      notes: [
        `loaded from ${DUMP_FORMATS[format].words}${from} into PostgreSQL ${access.server.version} ${server.where}`,
        ...(live?.facts === undefined
          ? ['the live database did not answer and a dump does not tell: its collation is taken to be C']
          : []),
        ...(kept.length > 0
          ? [`of these roles only the names are known, no rights and passwords: ${kept.join(', ')}`]
          : []),
        ...taken.notes,
      ],
    };
  } finally {
    await server.close();
  }
}

interface Loading {
  readonly format: 'sql' | 'custom';
  readonly file: DumpFile;
}

async function load(access: Access, database: string, { format, file }: Loading): Promise<void> {
  const { call, server } = access;
  const stream = async (_name: string, consumer?: PlacedTool) => {
    if (consumer) await runFed(consumer, file.open(), call.signal);
    return { rawBytes: file.rawBytes, stdout: '' };
  };
  try {
    if (format === 'custom') {
      const target = { database, tablespaces: false, owners: true };
      await restoreSection(access, target, 'data', { open: () => file.open(), stream });
      return;
    }
    const args = ['-X', '-q', '--no-password', '-v', 'ON_ERROR_STOP=1', '-f', '-'];
    const psql = access.tool('psql', args, { database, env: { PGOPTIONS: LOADING } });
    const script = server.major < 17 ? withoutLine(file.open(), UNKNOWN_BEFORE_17) : file.open();
    await runFed(psql, script, call.signal);
  } catch (error) {
    if (!(error instanceof SteadyError) || error.code !== 'tool.failed') throw error;
    if (call.signal.aborted) throw new SteadyError('cancelled', { file: file.file });
    const { tool, says } = error.facts;
    throw new SteadyError('import.refused', { file: file.file, tool, says }, { cause: error });
  }
}

/** Roles that have to be there before it is loaded; of an archive, as pg_restore writes its definitions. */
async function namedRoles(access: Access, format: 'sql' | 'custom', file: DumpFile): Promise<string[]> {
  const found = async (lines: AsyncIterable<string>): Promise<string[]> => {
    const names = new Set<string>();
    for await (const line of lines) for (const name of rolesIn(line)) names.add(name);
    return [...names];
  };
  if (format === 'sql') return found(sqlLines(file.open()));
  const tool = access.tool('pg_restore', ['--schema-only', '-f', '-']);
  const running = await spawnTool(tool, { signal: access.call.signal });
  try {
    // It has seen enough before the end.
    const fed = pipeline(file.open(), running.stdin).catch(() => undefined);
    const names = await found(sqlLines(running.stdout as AsyncIterable<Buffer>));
    const exit = await running.exited;
    await fed;
    if (exit.code === 0) return names;
    const { says } = toolFailure(running, exit).facts;
    throw new SteadyError('import.refused', { file: file.file, tool: tool.label, says });
  } finally {
    await running.end(1);
  }
}

/** A script of `pg_dump -C` goes where it wants to. */
async function refuseOthers(session: Session, database: string, file: string): Promise<void> {
  const others = await session.json<string[]>(
    `SELECT coalesce(jsonb_agg(datname), '[]') FROM pg_database
     WHERE datname NOT IN ('postgres', 'template0', 'template1', ${quoteLiteral(database)})`,
  );
  if (others.length > 0)
    throw new SteadyError('import.refused', {
      file,
      says: `it makes databases of its own, as pg_dump -C writes it: ${others.join(', ')}`,
    });
}

/** A line of a function's body may look like a grant. Gives those that are used. */
async function dropUnused(session: Session, roles: readonly string[]): Promise<string[]> {
  const used = await session.json<string[]>(
    `SELECT coalesce(jsonb_agg(rolname ORDER BY rolname), '[]') FROM pg_roles r
     WHERE EXISTS (SELECT FROM pg_shdepend WHERE refclassid = 'pg_authid'::regclass AND refobjid = r.oid)`,
  );
  for (const role of roles) if (!used.includes(role)) await session.run(`DROP ROLE ${quoteIdentifier(role)}`);
  return roles.filter((role) => used.includes(role));
}

interface LiveDatabase {
  readonly major: number;
  readonly facts: DatabaseFacts | undefined;
}

/** Old dumps are wanted most where the live server is gone. */
async function liveDatabase(options: StoreOptions, call: StoreCall): Promise<LiveDatabase | undefined> {
  const { maintenanceDatabase, database } = options.config;
  try {
    const access = await openAccess(options, call, maintenanceDatabase);
    const facts = await withSession(access.session(maintenanceDatabase), (session) =>
      databaseFacts(session, database),
    );
    return { major: access.server.major, facts };
  } catch (error) {
    if (!(error instanceof SteadyError) || call.signal.aborted) throw error;
    call.say(`the live server was not asked: ${error.message}`);
    return undefined;
  }
}

function unknownDatabase(
  name: string,
  { user, encoding }: { user: string; encoding: string },
): DatabaseFacts {
  return {
    ...{ name, owner: user, encoding, collate: 'C', ctype: 'C', provider: 'c', locale: null, icuRules: null },
    ...{ tablespace: 'pg_default', template: false, connectionLimit: -1, comment: null, acl: null },
    ...{ settings: [], bytes: 0 },
  };
}

const emptyDetail = (database: DatabaseFacts): Detail => ({
  ...{ database, roles: [], extensions: [], preload: [], tablespaces: [], big: [] },
});
