import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { somePostgres } from '../versions.js';
import { until } from './connected.js';
import { backupFolder, beside, call, into, readerOf, restore, storeOn, takeBackup } from './rig.js';

describe.each(somePostgres())('loading into $title', ({ bin }) => {
  let pg: PostgresService;
  const backups = backupFolder();
  beforeAll(async () => {
    pg = await startPostgres({ bin });
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  const make = (name: string, sql: string, config: Record<string, unknown> = {}): StorePort => {
    pg.sql('postgres', `CREATE DATABASE ${name}`);
    pg.sql(name, sql);
    return storeOn(pg, name, { config });
  };

  it('refuses a folder as the name of a database, though PostgreSQL would make one of it', async () => {
    const store = make('foldered', 'CREATE TABLE t AS SELECT 1 i');
    const { manifest } = await takeBackup(store, backups.fresh());
    await expect(store.preview(call(), manifest, into('/srv/restored'))).rejects.toThrow(
      'into=/srv/restored allowed="the name of a new database"',
    );
  });

  describe('indexes', () => {
    /** Two indexes that take a while to restore, as those of a large table do. */
    const slow = `
      CREATE FUNCTION slow(i int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
        IF current_database() LIKE '%_new_%' THEN PERFORM pg_sleep(0.03); END IF; RETURN i; END $$;
      CREATE TABLE a AS SELECT generate_series(1, 40) i; CREATE TABLE b AS SELECT generate_series(1, 40) i;
      CREATE INDEX ON a (slow(i)); CREATE INDEX ON b (slow(i))`;
    const building = (name: string): number =>
      Number(
        pg.sql(
          'postgres',
          `SELECT count(*) FROM pg_stat_activity WHERE datname LIKE '${name}%' AND state = 'active' AND query LIKE 'CREATE INDEX%'`,
        ),
      );

    it('are built as many at a time as the jobs', async () => {
      const store = make('together', slow, { jobs: 2 });
      const taken = await takeBackup(store, backups.fresh());
      let loaded = false;
      const loading = restore(store, taken, beside('together')).then(() => (loaded = true));
      await until('two are being built', () => building('together') === 2 || loaded);
      expect(loaded).toBe(false);
      await loading;
      const indexes = `SELECT count(*) FROM pg_indexes WHERE schemaname = 'public'`;
      expect(pg.sql('together_new_together', indexes)).toBe('2');
    });

    it('end with a cancelled load, in the server too', async () => {
      const store = make('cancelled', slow, { jobs: 2 });
      const taken = await takeBackup(store, backups.fresh());
      const stop = new AbortController();
      const loading = store.load(call({ signal: stop.signal }), readerOf(taken), beside('cancelxx'));
      const over = expect(loading).rejects.toMatchObject({ code: 'cancelled' });
      await until('they are being built', () => building('cancelled') === 2);
      stop.abort();
      await over;
      await until('nothing is built any more', () => building('cancelled') === 0);
      expect(await store.undo(call(), beside('cancelxx'))).toContain('cancelled serves');
    });
  });

  it('is for the owner with CREATEDB too, who is no superuser', async () => {
    pg.sql('postgres', `CREATE ROLE app LOGIN CREATEDB PASSWORD 'apps-pw'; CREATE DATABASE owned OWNER app`);
    pg.sql('owned', 'SET ROLE app; CREATE SCHEMA s; CREATE TABLE s.t AS SELECT generate_series(1, 100) i');
    const store = storeOn(pg, 'owned', { config: { user: 'app' }, password: new Secret('apps-pw') });
    const taken = await takeBackup(store, backups.fresh());
    await store.preview(call(), taken.manifest, beside('byowner0'));
    await restore(store, taken, beside('byowner0'));
    pg.sql('owned', 'DELETE FROM s.t');
    await store.cutover(call(), beside('byowner0'));
    expect(pg.sql('owned', 'SELECT count(*) FROM s.t')).toBe('100');
    await store.undo(call(), beside('byowner0'));
    expect(pg.sql('owned', 'SELECT count(*) FROM s.t')).toBe('0');
    await store.release(call(), beside('byowner0'));
  });

  describe('large objects', () => {
    const sql = `
      SELECT lo_from_bytea(100, decode(repeat('ab', 300000), 'hex'));
      SELECT lo_from_bytea(101, 'small'), lo_create(102), lo_create(103);
      BEGIN; SELECT lo_lseek64(lo_open(103, 131072), 700000, 0); SELECT lowrite(0, 'after a hole'); COMMIT;
      CREATE TABLE t AS SELECT 1 AS i`;

    it('are compared by content where digests are asked for, holes and all', async () => {
      const store = make('objects', sql, { digests: true });
      const taken = await takeBackup(store, backups.fresh());
      expect(taken.manifest.facts.digests['large objects']).toMatch(/^-?\d+$/);
      expect(await restore(store, taken, into('objects_again'))).toContain(
        'content digests of 1 tables and of large objects equal',
      );
      const place = into('objects_changed', 'changedx');
      await restore(store, taken, place);
      for (const change of [
        `SELECT lo_put(100, 299999, '\\x00')`,
        `SELECT lo_put(101, 0, 'S')`,
        `SELECT lo_unlink(102), lo_create(104)`,
      ]) {
        pg.sql('objects_changed', change);
        await expect(store.compare(call(), taken.manifest, place)).rejects.toMatchObject({
          code: 'store.mismatch',
          facts: { differences: 'large objects has other content' },
        });
      }
    });
  });
});
