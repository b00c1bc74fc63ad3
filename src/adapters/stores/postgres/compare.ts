import { SteadyError } from '../../../contracts/failures.js';
import type { ContentFacts, Manifest } from '../../../contracts/stored/manifest.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { RestorePlace, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { mustBeTrue } from './ask.js';
import { contentFacts, contentNames, LARGE_OBJECTS } from './content-facts.js';
import { databaseNames, type DatabaseNames } from './database-names.js';
import { databaseState } from './ownership.js';
import { conninfo } from './quote.js';
import { withSession, type Session } from './session.js';
import { describeTables } from './tables.js';

/** Differences shown in a message; the rest is counted. */
const SHOWN = 10;

/** Compares what was loaded with the manifest; fails with `store.mismatch` or `check.failed`. Changes nothing. */
export async function compare(
  options: StoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<string[]> {
  const { maintenanceDatabase, database: live, checks } = options.config;
  const access = await openAccess(options, call, maintenanceDatabase);
  const database = await withSession(access.session(maintenanceDatabase), (session) =>
    loadedDatabase(session, databaseNames(live, place), place.token),
  );
  const loaded = await withSession(access.session(database), async (session) => {
    await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
    const tables = await describeTables(session);
    const digests = Object.keys(manifest.facts.digests).length > 0;
    return contentFacts(session, tables, { digests, names: await contentNames(session) });
  });
  const differences = factDifferences(manifest.facts, loaded);
  if (differences.length > 0) {
    const more = differences.length > SHOWN ? [`and ${differences.length - SHOWN} more`] : [];
    throw new SteadyError('store.mismatch', {
      database,
      differences: [...differences.slice(0, SHOWN), ...more].join('; '),
    });
  }
  for (const sql of checks) await mustBeTrue(access, database, sql);
  const amcheck = access.tuning.amcheck ? await checkStructure(access, database) : [];
  const rows = Object.values(loaded.counts).reduce((sum, count) => sum + count, 0);
  return [
    `${Object.keys(loaded.counts).length - 1} tables with ${rows} rows and large objects as in the backup`,
    ...digestWords(manifest.facts, loaded),
    ...amcheck,
    ...(checks.length > 0 ? [`${checks.length} checks answered true`] : []),
  ];
}

function digestWords(wanted: ContentFacts, found: ContentFacts): string[] {
  const both = Object.keys(wanted.digests).filter((name) => found.digests[name] !== undefined);
  if (both.length === 0) return [];
  const tables = both.filter((name) => name !== LARGE_OBJECTS).length;
  return [`content digests of ${tables} tables${both.length > tables ? ' and of large objects' : ''} equal`];
}

/** The database that was loaded: after the cut-over it is the live one. Fails with `store.blocked` when there is none. */
async function loadedDatabase(session: Session, names: DatabaseNames, token: string): Promise<string> {
  if ((await databaseState(session, names.fresh, token)).exists) return names.fresh;
  const old = await databaseState(session, names.old, token);
  const live = await databaseState(session, names.live, token);
  if (old.own?.state === 'kept' || live.own?.state === 'moved') return names.live;
  throw new SteadyError('store.blocked', { database: names.fresh, says: 'nothing is loaded' });
}

/** What differs, a sentence each, in the order of names. */
export function factDifferences(wanted: ContentFacts, found: ContentFacts): string[] {
  const all = [...new Set([...Object.keys(wanted.counts), ...Object.keys(found.counts)])].sort();
  const counts = all.flatMap((name) => {
    const [before, after] = [wanted.counts[name], found.counts[name]];
    if (before === after) return [];
    if (after === undefined) return [`${name} is missing`];
    if (before === undefined) return [`${name} is not in the backup`];
    return [`${name} has ${after} instead of ${before}`];
  });
  const digests = Object.keys(wanted.digests)
    .sort()
    .filter((name) => found.digests[name] !== undefined && found.digests[name] !== wanted.digests[name])
    .map((name) => `${name} has other content`);
  const names = Object.entries(wanted.names).flatMap(([kind, list]) => {
    const there = new Set(found.names[kind] ?? []);
    return list.filter((name) => !there.has(name)).map((name) => `${name} of ${kind} is missing`);
  });
  return [...counts, ...digests, ...names];
}

/** On a throwaway copy: heaps and B-tree indexes as pg_amcheck sees them (14 and later). It installs its extension. */
async function checkStructure(access: Access, database: string): Promise<string[]> {
  if (access.server.major < 14) return [];
  const sql = `SELECT jsonb_build_object('superuser', rolsuper, 'there',
    EXISTS (SELECT FROM pg_available_extensions WHERE name = 'amcheck')) FROM pg_roles WHERE rolname = current_user`;
  const { there, superuser } = await withSession(access.session(database), (session) =>
    session.json<{ there: boolean; superuser: boolean }>(sql),
  );
  if (!there) return ['pg_amcheck was left out: this server has no extension amcheck'];
  if (!superuser) return [`pg_amcheck was left out: ${access.options.config.user} is no superuser`];
  const args = ['--install-missing', '--no-password', conninfo(database)];
  await runTool(access.tool('pg_amcheck', args, { database }), {
    signal: access.call.signal,
    limitSeconds: 3600,
  });
  return ['pg_amcheck found nothing wrong in tables and indexes'];
}
