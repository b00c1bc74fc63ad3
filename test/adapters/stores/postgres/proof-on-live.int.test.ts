import { cpSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Scratch, StoreCall } from '../../../../src/adapters/stores/port.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { somePostgres } from '../versions.js';
import { hasExtension } from './kitchen-sink.js';
import { backupFolder, beside, call, readerOf, storeOn, takeBackup, type Taken } from './rig.js';

/** What an activity names, whatever it is: a place beside the live data. */
const place = beside('proof000');
const proof = { proof: 'live-server' };
const run = (name: string): Pick<StoreCall, 'markerPrefix' | 'marker'> => ({
  markerPrefix: `steady-${name}-`,
  marker: `steady-${name}-1-${Math.random().toString(16).slice(2, 8)}`,
});

describe.each(somePostgres())('a proof on the live server, $title', ({ bin }) => {
  let pg: PostgresService;
  let taken: Taken;
  let before: string;
  const backups = backupFolder();
  beforeAll(async () => {
    pg = await startPostgres({ bin });
    pg.sql(
      'postgres',
      `CREATE ROLE keeper LOGIN CREATEDB PASSWORD '${pg.password}'; CREATE DATABASE shop OWNER keeper`,
    );
    pg.sql(
      'shop',
      `CREATE SCHEMA own AUTHORIZATION keeper; CREATE ROLE passing; SET ROLE keeper;
       CREATE TABLE own.orders (id int PRIMARY KEY, body text);
       INSERT INTO own.orders SELECT i, md5(i::text) FROM generate_series(1, 4000) i;
       GRANT SELECT ON own.orders TO passing;
       CREATE TABLE own.small AS SELECT 1 AS i; SELECT lo_from_bytea(4711, 'large');`,
    );
    pg.sql(
      'postgres',
      `ALTER DATABASE shop SET work_mem TO '7MB'; REVOKE CONNECT ON DATABASE shop FROM PUBLIC`,
    );
    taken = await takeBackup(
      storeOn(pg, 'shop', { config: { digests: true }, tuning: { bigTable: 100_000, range: 200_000 } }),
      backups.fresh(),
    );
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  /** All that the server has, as far as it could differ. */
  const whole = (): string =>
    pg.sql(
      'postgres',
      `SELECT oid, datname, datdba, datallowconn, datacl, shobj_description(oid, 'pg_database') FROM pg_database ORDER BY oid;
       SELECT rolname FROM pg_roles ORDER BY 1;
       SELECT setdatabase, setrole, setconfig FROM pg_db_role_setting ORDER BY 1, 2;
       SELECT count(*) FROM pg_locks WHERE locktype = 'advisory';`,
    ) + pg.sql('shop', 'SELECT xmin, ctid, * FROM own.orders ORDER BY id');
  beforeEach(() => {
    before = whole();
  });

  const proofs = (): string =>
    pg.sql(
      'postgres',
      `SELECT string_agg(datname, ' ' ORDER BY datname) FROM pg_database WHERE datname LIKE '%proof%'`,
    );
  const open = (theCall = call(), given: Taken = taken, config = {}): Promise<Scratch> =>
    storeOn(pg, 'shop', { config: { ...proof, digests: true, ...config } }).scratch(
      theCall,
      given.manifest,
      backups.fresh(),
    );
  const prove = async (given: Taken = taken, config = {}, theCall = call()): Promise<string[]> => {
    const scratch = await open(theCall, given, config);
    try {
      await scratch.store.load(theCall, readerOf(given), place);
      return await scratch.store.compare(theCall, given.manifest, place);
    } finally {
      await scratch.close();
    }
  };

  it('passes, says where it ran, and leaves nothing', async () => {
    const [where, ...findings] = await prove();
    expect(where).toMatch(
      /^on the live server: PostgreSQL \S+.*, database shop_proof_[0-9a-f]{8}, dropped at the end$/,
    );
    expect(findings).toEqual([
      '2 tables with 4002 rows and large objects as in the backup',
      'content digests of 2 tables and of large objects equal',
      hasExtension(pg, 'amcheck')
        ? 'pg_amcheck found nothing wrong in tables and indexes'
        : 'pg_amcheck was left out: this server has no extension amcheck',
    ]);
    expect(whole()).toBe(before);
  });

  it('lets nobody else into its copy', async () => {
    const theCall = call();
    const scratch = await open(theCall);
    await scratch.store.load(theCall, readerOf(taken), place);
    const others = `SELECT has_database_privilege('keeper', oid, 'CONNECT') FROM pg_database WHERE datname LIKE 'shop_proof_%'`;
    expect(pg.sql('postgres', others)).toBe('f');
    await scratch.close();
  });

  it('never reaches the live database, whatever phase is called', async () => {
    const theCall = call();
    const { store, close } = await open(theCall);
    await store.load(theCall, readerOf(taken), place);
    expect((await store.cutover(theCall, place)).notes).toEqual(['nothing to do: shop is not touched']);
    await store.release(theCall, place);
    expect((await store.undo(theCall, place)).join()).toMatch(/^shop_proof_[0-9a-f]{8} was dropped$/);
    await close();
    expect(whole()).toBe(before);
  });

  it('fails on a damaged backup, and leaves nothing', async () => {
    const damaged = (stream: string, damage: (file: string) => void): Taken => {
      const folder = backups.fresh();
      cpSync(taken.folder, folder, { recursive: true });
      damage(join(folder, stream));
      return { ...taken, folder };
    };
    const more = damaged('copy-0001-01', (file) => {
      // Two fields: 4 bytes, 9000; 1 byte, x. Before the trailer.
      const row = Buffer.from('000200000004000023280000000178', 'hex');
      const rows = readFileSync(file);
      writeFileSync(file, Buffer.concat([rows.subarray(0, -2), row, rows.subarray(-2)]));
    });
    await expect(prove(more)).rejects.toMatchObject({
      code: 'store.mismatch',
      facts: { differences: 'own.orders has 4001 instead of 4000; own.orders has other content' },
    });
    const cut = damaged('data', (file) => truncateSync(file, readFileSync(file).length - 40));
    await expect(prove(cut)).rejects.toMatchObject({ code: 'tool.failed' });
    expect(whole()).toBe(before);
  });

  it('is removed also when it is cancelled', async () => {
    const stop = new AbortController();
    const theCall = call({ signal: stop.signal });
    const scratch = await open(theCall);
    const reader = readerOf(taken, stop.signal);
    const loading = scratch.store.load(
      theCall,
      { ...reader, open: (name) => (stop.abort(), reader.open(name)) },
      place,
    );
    await expect(loading).rejects.toBeDefined();
    await scratch.close();
    expect(whole()).toBe(before);
  });

  it('removes what a killed attempt of the same run left, and takes its name', async () => {
    const killed = call(run('one'));
    const left = await open(killed);
    await left.store.load(killed, readerOf(taken), place);
    const name = proofs();
    expect(name).toMatch(/^shop_proof_[0-9a-f]{8}$/);
    // The first attempt's session that holds it lives on, as it may inside a container.
    const again = call(run('one'));
    expect((await prove(taken, {}, again))[0]).toContain(`database ${name}, `);
    expect(again.said).toContain(`dropped ${name}, left by earlier proofs`);
    expect(whole()).toBe(before);
  });

  it('removes what a killed run left for ever, and leaves a proof that goes on alone', async () => {
    const going = call(run('going'));
    const alive = await open(going);
    await alive.store.load(going, readerOf(taken), place);
    const its = proofs();
    const killed = call(run('gone'));
    const dead = await open(killed);
    await dead.store.load(killed, readerOf(taken), place);
    const left =
      proofs()
        .split(' ')
        .find((name) => name !== its) ?? '';
    // What the end of a worker does to its sessions.
    const holds = `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE application_name = 'steadyhand holds ${left}'`;
    expect(pg.sql('postgres', holds)).toBe('t');
    pg.sql(
      'postgres',
      `CREATE DATABASE shop_nascent_${left.slice('shop_'.length)}; CREATE DATABASE shop_proof_0123abcd`,
    );

    const later = call(run('later'));
    await prove(taken, {}, later);
    expect(later.said).toContain(
      `dropped shop_nascent_${left.slice('shop_'.length)}, ${left}, left by earlier proofs`,
    );
    // One that only has such a name is somebody's own.
    expect(proofs().split(' ').sort()).toEqual(['shop_proof_0123abcd', its].sort());
    await alive.store.compare(going, taken.manifest, place);
    await alive.close();
    pg.sql('postgres', 'DROP DATABASE shop_proof_0123abcd');
    expect(whole()).toBe(before);
  });

  it('does with a role that may create databases and no more', async () => {
    const findings = await prove(taken, { user: 'keeper' });
    expect(findings).toContain('content digests of 2 tables and of large objects equal');
    if (hasExtension(pg, 'amcheck'))
      expect(findings).toContain('pg_amcheck was left out: keeper is no superuser');
    expect(whole()).toBe(before);
  });

  it('adds no roles: where one has gone, it does without owners and grants', async () => {
    pg.sql('shop', 'DROP OWNED BY passing; DROP ROLE passing');
    before = whole();
    for (const user of ['postgres', 'keeper'])
      expect((await prove(taken, { user })).join()).toContain('owners and grants were left out');
    expect(whole()).toBe(before);
    pg.sql('shop', 'CREATE ROLE passing; GRANT SELECT ON own.orders TO passing');
  });

  it('does not begin without room, rights or the extensions', async () => {
    const detail = taken.manifest.detail as { database: object; extensions: object[] };
    const with_ = (other: object): Taken => ({
      ...taken,
      manifest: { ...taken.manifest, detail: { ...detail, ...other } },
    });
    const huge = with_({ database: { ...detail.database, bytes: 2 ** 52 } });
    await expect(open(call(), huge)).rejects.toMatchObject({ code: 'store.no-room' });
    const strange = with_({ extensions: [{ name: 'postgis', version: '3' }] });
    await expect(open(call(), strange)).rejects.toMatchObject({ code: 'tool.missing' });
    const newer = {
      ...taken,
      manifest: { ...taken.manifest, server: { ...taken.manifest.server, major: 99 } },
    };
    await expect(open(call(), newer)).rejects.toMatchObject({ code: 'store.too-new' });
    pg.sql('postgres', 'ALTER ROLE keeper NOCREATEDB');
    await expect(open(call(), taken, { user: 'keeper' })).rejects.toMatchObject({
      code: 'store.denied',
      facts: { needs: 'CREATEDB, for a proof here' },
    });
    const lines = async (config: object) =>
      (await storeOn(pg, 'shop', { config: { ...config } }).check(call())).filter(
        (line) => line.what === 'proof',
      );
    expect(await lines({ ...proof, user: 'keeper' })).toMatchObject([{ status: 'error' }]);
    expect(await lines(proof)).toMatchObject([
      { status: 'warning', message: expect.stringContaining('on the live server') as string },
    ]);
    expect(await lines({})).toEqual([]);
    pg.sql('postgres', 'ALTER ROLE keeper CREATEDB');
    expect(whole()).toBe(before);
  });
});
