import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { somePostgres } from '../versions.js';
import { newCall } from '../suite/bench.js';
import { backupFolder, into, restore, storeOn, takeBackup } from './rig.js';

describe.each(somePostgres())('a PostgreSQL backup with $title', ({ bin }) => {
  let pg: PostgresService;
  const backups = backupFolder();
  beforeAll(async () => {
    pg = await startPostgres({ bin });
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  it('restores tables, big ones in ranges, into another database', async () => {
    pg.sql('postgres', 'CREATE DATABASE shop');
    pg.sql(
      'shop',
      `CREATE TABLE small (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text);
       INSERT INTO small (name) SELECT 'n' || i FROM generate_series(1, 100) i;
       CREATE TABLE big (id int PRIMARY KEY, body text);
       INSERT INTO big SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 20000) i;`,
    );
    const store = storeOn(pg, 'shop', {
      tuning: { bigTable: 100_000, range: 500_000 },
      config: { digests: true },
    });
    const taken = await takeBackup(store, backups.fresh());
    expect(
      taken.manifest.streams.map((s) => s.name).filter((n) => n.startsWith('copy-')).length,
    ).toBeGreaterThan(2);
    expect(taken.manifest.facts.counts).toEqual({
      'public.small': 100,
      'public.big': 20000,
      'large objects': 0,
    });
    const counted = await store.facts(newCall());
    expect(counted).toMatchObject({ uncounted: false, facts: { counts: taken.manifest.facts.counts } });
    // How large it is can be told without reading all of it.
    expect(await store.facts(newCall(), { uncounted: true })).toMatchObject({
      ...{ bytes: counted.bytes, uncounted: true, facts: { counts: {} } },
    });
    const findings = await restore(store, taken, into('shop2'));
    expect(findings).toEqual([
      '2 tables with 20100 rows and large objects as in the backup',
      'content digests of 2 tables equal',
    ]);
    expect(pg.sql('shop2', 'SELECT count(*), sum(id) FROM big')).toBe(
      pg.sql('shop', 'SELECT count(*), sum(id) FROM big'),
    );
  });
});
