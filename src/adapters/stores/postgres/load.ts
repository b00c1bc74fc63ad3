import type { BackupReader, RestorePlace, StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';
import { copyInSql, type BigTable } from './copy-plan.js';
import { missingTablespaces } from './database-facts.js';
import { databaseNames } from './database-names.js';
import { readDetail, type Detail } from './detail.js';
import { endLeftovers, endOwnBackends } from './leftovers.js';
import { makeFresh } from './make-fresh.js';
import { quoteLiteral } from './quote.js';
import { mayGiveOwners } from './role-lacks.js';
import { restorePostData } from './restore-post-data.js';
import { LOADING, restoreSection } from './restore-section.js';
import { withSession } from './session.js';
import { lanes, milestone, together } from './together.js';
import { writtenBy } from './versions.js';

/**
 * Loads a backup into a database of its own. Running again is safe: it first ends what an earlier attempt left and drops
 * the database that attempt made, known by its comment; another's database of that name is `store.not-empty`.
 */
export async function load(
  options: StoreOptions,
  call: StoreCall,
  reader: BackupReader,
  place: RestorePlace,
): Promise<void> {
  const detail = readDetail(reader.manifest);
  const { maintenanceDatabase } = options.config;
  const access = await openAccess(options, call, maintenanceDatabase, writtenBy(reader.manifest));
  await endLeftovers(access, maintenanceDatabase);
  const names = databaseNames(options.config.database, place);
  if (!(await makeFresh(access, reader, detail, place))) {
    call.say(`nothing to load: the cut-over has been done, ${names.old} is kept`);
    return;
  }
  await loadInto(access, names.fresh, { reader, detail, place });
}

async function loadInto(
  access: Access,
  database: string,
  { reader, detail, place }: { reader: BackupReader; detail: Detail; place: RestorePlace },
): Promise<void> {
  const { call, options } = access;
  const target = await withSession(access.session(database), async (session) => ({
    database,
    tablespaces: (await missingTablespaces(session, detail)).length === 0,
    // Beside the live one the preview has seen to it; elsewhere the data matter more than who owns them.
    owners: place.mode !== 'into' || (await mayGiveOwners(session, detail, access.server.major)),
  }));
  call.say('creating tables');
  await restoreSection(access, target, 'pre-data', reader);
  call.say('loading rows');
  const jobs = detail.big.flatMap((table) =>
    table.streams.map((stream) => ({ table, stream: stream.stream })),
  );
  const encoding = detail.database.encoding;
  const dataEnd = milestone();
  const copies = lanes(Math.min(options.config.jobs, jobs.length), jobs, async (job) => {
    await reader.stream(job.stream, copyIn(access, database, job.table, encoding));
  });
  await together(
    [
      async () => {
        try {
          await restoreSection(access, target, 'data', reader);
        } finally {
          dataEnd.reach();
        }
      },
      ...copies.map((lane, index) => async () => {
        if (index === 0) await dataEnd.reached;
        await lane();
      }),
    ],
    () => endOwnBackends(access, options.config.maintenanceDatabase),
  );
  call.say('building indexes and constraints');
  await restorePostData(access, target, reader);
  call.say('collecting statistics');
  await withSession(access.session(database), (session) => session.run('ANALYZE'));
}

function copyIn(access: Access, database: string, table: BigTable, encoding: string) {
  const encode = `SET client_encoding TO ${quoteLiteral(encoding)}`;
  const args = ['-X', '-q', '--no-password', '-v', 'ON_ERROR_STOP=1', '-c', encode, '-c', copyInSql(table)];
  return access.tool('psql', args, { database, env: { PGOPTIONS: LOADING } });
}
