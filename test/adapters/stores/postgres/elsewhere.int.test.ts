import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { somePostgres } from '../versions.js';
import { backupFolder, beside, call, into, readerOf, restore, storeOn, takeBackup } from './rig.js';

/** What a database is tied to outside itself: a restore must not stumble over it. */
describe.each(somePostgres())('a database bound to its server, $title', ({ bin }) => {
  let pg: PostgresService;
  let other: PostgresService;
  const backups = backupFolder();
  beforeAll(async () => {
    const settings = { allow_in_place_tablespaces: 'on', wal_level: 'logical' };
    [pg, other] = [await startPostgres({ bin, settings }), await startPostgres({ bin })];
  });
  afterAll(async () => {
    await pg.stop();
    await other.stop();
    backups.remove();
  });

  it('keeps its tablespaces where they are, and does without where they are not', async () => {
    pg.sql('postgres', `CREATE TABLESPACE "fast disk" LOCATION ''`);
    pg.sql('postgres', 'CREATE DATABASE spaced');
    pg.sql(
      'spaced',
      `CREATE TABLE t (i int PRIMARY KEY USING INDEX TABLESPACE "fast disk", x text) TABLESPACE "fast disk";
       INSERT INTO t SELECT i, md5(i::text) FROM generate_series(1, 100) i`,
    );
    const taken = await takeBackup(storeOn(pg, 'spaced'), backups.fresh());
    const spaces =
      'SELECT count(*) FROM pg_class WHERE reltablespace <> 0 AND relname IN ($$t$$, $$t_pkey$$)';
    await restore(storeOn(pg, 'spaced'), taken, into('spaced2'));
    expect(pg.sql('spaced2', spaces)).toBe('2');

    const { notes } = await storeOn(other, 'spaced').preview(call(), taken.manifest, beside('spacedxx'));
    expect(notes).toContain(
      'tablespaces that are not here, what was in them goes to the default one: fast disk',
    );
    await restore(storeOn(other, 'spaced'), taken, beside('spacedxx'));
    await storeOn(other, 'spaced').cutover(call(), beside('spacedxx'));
    expect(other.sql('spaced', spaces)).toBe('0');
    expect(other.sql('spaced', 'SELECT count(*) FROM t')).toBe('100');
  });

  it('is restored without its subscriptions, which would hold on to the copy', async () => {
    pg.sql('postgres', 'CREATE DATABASE subscribed');
    pg.sql(
      'subscribed',
      `CREATE TABLE t AS SELECT 1 AS i;
       CREATE SUBSCRIPTION news CONNECTION 'host=127.0.0.1 port=1 dbname=nowhere' PUBLICATION p WITH (connect = false, slot_name = NONE)`,
    );
    const store = storeOn(pg, 'subscribed');
    const taken = await takeBackup(store, backups.fresh());
    expect(taken.manifest.notes).toContain(
      'subscriptions are in this backup, but no restore makes them: news',
    );
    const place = into('subscribed2', 'newscopy');
    for (let i = 0; i < 2; i++) await store.load(call(), readerOf(taken), place);
    expect(await store.undo(call(), place)).toEqual(['subscribed2 was dropped']);
    pg.sql('subscribed', 'DROP SUBSCRIPTION news');
  });
});
