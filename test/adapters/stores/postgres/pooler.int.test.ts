import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openAccess } from '../../../../src/adapters/stores/postgres/access.js';
import { moneyEnvironment } from '../../../../src/adapters/stores/postgres/money.js';
import { withSession } from '../../../../src/adapters/stores/postgres/session.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { postgresStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { toolPath } from '../../../services/tools.js';
import { freePort } from '../../../services/free-port.js';
import { postgresIds, startPostgres, type PostgresService } from '../../../services/postgres.js';
import { until } from './connected.js';
import { backupFolder, beside, call, hostRuntime, storeOn, takeBackup } from './rig.js';

describe('a connection through pgbouncer', () => {
  let pg: PostgresService;
  let bouncer: ChildProcess | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'steady-bouncer-'));
  const backups = backupFolder();
  beforeAll(async () => {
    pg = await startPostgres();
    pg.sql('postgres', 'CREATE DATABASE pooled');
    pg.sql('pooled', 'CREATE TABLE t AS SELECT generate_series(1, 10) i');
    pg.sql('postgres', 'CREATE DATABASE prices');
    pg.sql('prices', 'CREATE TABLE price AS SELECT 1234.5::numeric::money AS amount');
    // As C prints it, by another name.
    pg.sql('postgres', `ALTER DATABASE prices SET lc_monetary = 'C.utf8'`);
  });
  afterEach(async () => {
    const gone = bouncer && once(bouncer, 'exit');
    bouncer?.kill('SIGKILL');
    await gone;
    bouncer = undefined;
  });
  afterAll(async () => {
    await pg.stop();
    rmSync(folder, { recursive: true, force: true });
    backups.remove();
  });

  async function startBouncer(mode: 'transaction' | 'session', setting = ''): Promise<number> {
    const port = await freePort();
    const ids = process.getuid?.() === 0 ? postgresIds() : undefined;
    const users = join(folder, 'users');
    writeFileSync(users, `"postgres" "${pg.password.replaceAll('"', '""')}"\n`);
    const ini = join(folder, 'pgbouncer.ini');
    writeFileSync(
      ini,
      `[databases]\n* = host=127.0.0.1 port=${pg.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\nunix_socket_dir=\n` +
        `auth_type=scram-sha-256\nauth_file=${users}\npool_mode=${mode}\nadmin_users=postgres\nlogfile=\n${setting}\n`,
    );
    const drop = ids ? ['--reuid', String(ids.uid), '--regid', String(ids.gid), '--clear-groups'] : [];
    if (ids) for (const path of [folder, users, ini]) chownSync(path, ids.uid, ids.gid);
    chmodSync(folder, 0o711);
    bouncer = spawn('setpriv', [...drop, '--pdeathsig', 'KILL', '--', bouncerPath(), '-q', ini], {
      stdio: 'ignore',
      cwd: folder,
    });
    const store = storeOn(pg, 'pooled', { config: { port } });
    await until('pgbouncer answers', async () => (await store.check(call()))[0]?.status === 'ok');
    return port;
  }

  it('is refused in transaction mode, and check says why', async () => {
    const port = await startBouncer('transaction');
    const store = storeOn(pg, 'pooled', { config: { port } });
    await expect(takeBackup(store, backups.fresh())).rejects.toMatchObject({
      code: 'store.pooler',
      retryable: false,
    });
    expect((await store.check(call())).find((line) => line.what === 'connection')).toMatchObject({
      status: 'error',
      message: 'goes through a transaction pooler',
    });
    const direct = await takeBackup(storeOn(pg, 'pooled'), backups.fresh());
    await expect(store.preview(call(), direct.manifest, beside('cccccccc'))).rejects.toMatchObject({
      code: 'store.pooler',
    });
  });

  it('backs up in session mode; a restore there is refused before anything is touched', async () => {
    const port = await startBouncer('session');
    const store = storeOn(pg, 'pooled', { config: { port } });
    const taken = await takeBackup(store, backups.fresh());
    expect(taken.manifest.facts.counts['public.t']).toBe(10);
    await expect(store.preview(call(), taken.manifest, beside('cccccccc'))).rejects.toMatchObject({
      code: 'store.pooler',
      facts: { says: expect.stringContaining('unsupported startup parameter') as string },
    });
  });

  it('backs up in session mode where the options of a session are dropped; a restore there is refused', async () => {
    const port = await startBouncer('session', 'ignore_startup_parameters=options');
    const store = storeOn(pg, 'prices', { config: { port } });
    const taken = await takeBackup(store, backups.fresh());
    expect(taken.manifest.facts.counts['public.price']).toBe(1);
    await expect(store.preview(call(), taken.manifest, beside('cccccccc'))).rejects.toMatchObject({
      code: 'store.pooler',
      retryable: false,
      facts: {
        says: 'settings given at the start of a session are dropped: lc_monetary=C was given and is C.UTF-8',
      },
    });
  });

  it('backs up amounts of money in session mode where they print as under C, by whatever name', async () => {
    const port = await startBouncer('session');
    const taken = await takeBackup(storeOn(pg, 'prices', { config: { port } }), backups.fresh());
    expect(taken.manifest.facts.counts['public.price']).toBe(1);
  });

  describe('to a server that prints money in a form of its own', () => {
    /** What pg_dump is given. No such locale need be installed here: one answer of the session is another's. */
    async function environment(database: string, port: number): Promise<Record<string, string>> {
      const config = postgresStoreSchema.parse({
        ...{ host: pg.host, port, database, user: pg.user, bin: pg.bin },
      });
      const password = new Secret(pg.password);
      const options = { name: 'db', runtime: hostRuntime, password, config };
      const access = await openAccess(options, call(), database);
      return withSession(access.session(database), async (session) => {
        let own = false;
        await session.run('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
        const given = await moneyEnvironment(
          access,
          {
            ...session,
            run: (sql) => {
              own = sql === 'SET LOCAL lc_monetary TO DEFAULT';
              return session.run(sql);
            },
            json: async <T>(sql: string) =>
              own ? ('1.234.567,89 € -1.234.567,89 €' as T) : session.json<T>(sql),
          },
          database,
        );
        expect(await session.run('SHOW lc_monetary')).toBe('C');
        return given;
      });
    }

    it('is asked for the form of C where it takes settings', async () => {
      expect(await environment('prices', pg.port)).toEqual({ PGOPTIONS: '-c lc_monetary=C' });
    });

    it.each(['', 'ignore_startup_parameters=options'])(
      'is refused through a pooler only where there are amounts of money (%s)',
      async (setting) => {
        const port = await startBouncer('session', setting);
        await expect(environment('prices', port)).rejects.toMatchObject({ code: 'store.pooler' });
        expect(await environment('pooled', port)).toEqual({});
      },
    );
  });
});

/** Debian has it in a folder that is not on every PATH. */
function bouncerPath(): string {
  try {
    return toolPath('pgbouncer');
  } catch {
    return '/usr/sbin/pgbouncer';
  }
}
