import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { connect } from './connected.js';
import { CONTENTS, ownerVersions, startPlainOwner, type PlainOwner } from './plain-owner.js';
import { backupFolder, beside, call, restore, takeBackup, type Taken } from './rig.js';

/** The server tells its data folder to members of pg_read_all_settings only. */
const ROOM = 'room on the server’s disk cannot be seen from here';

describe.each(ownerVersions)(
  'a role that owns its database, with CREATEDB and no more, $title',
  ({ bin }) => {
    let owner: PlainOwner;
    let taken: Taken;
    const backups = backupFolder();
    const place = beside('k7q2m9xd');
    const names = { old: 'shop_old_20261122_k7q2m9xd', undone: 'shop_undone_k7q2m9xd' };
    beforeAll(async () => {
      owner = await startPlainOwner(bin);
    });
    afterAll(async () => {
      await owner.pg.stop();
      backups.remove();
    });
    beforeEach(async () => {
      owner.anew();
      taken = await takeBackup(owner.store, backups.fresh());
    });

    it('backs up, restores beside, cuts over, goes back and releases', async () => {
      const { store, sql, databases, pg } = owner;
      const before = sql('shop', CONTENTS);
      sql('shop', `DELETE FROM stock.parts; INSERT INTO orders (body) VALUES ('later')`);
      const spoiled = sql('shop', CONTENTS);
      expect(spoiled).not.toBe(before);

      const preview = await store.preview(call(), taken.manifest, place);
      expect(preview).toMatchObject({ keptAs: names.old, notes: [ROOM, ...taken.manifest.notes] });
      expect((await restore(store, taken, place)).join()).toMatch(
        /^2 tables with 6051 rows .* as in the backup,content digests .* equal$/,
      );
      const own = connect(pg, 'shop', { PGUSER: 'app' });
      await own.ask('BEGIN; SELECT count(*) FROM orders');
      expect((await store.cutover(call(), place)).gapSeconds).toBeGreaterThan(0);
      await own.close();
      expect(sql('shop', CONTENTS)).toBe(before);
      expect(databases()).toBe(`shop ${names.old}`);

      await store.undo(call(), place);
      expect(sql('shop', CONTENTS)).toBe(spoiled);
      expect(databases()).toBe(`shop ${names.undone}`);
      expect(await store.release(call(), place)).toEqual([`${names.undone} was dropped`]);
      expect(databases()).toBe('shop');
    });

    it('names sessions it may not end, and leaves the live database open when they stay', async () => {
      const { store, sql, pg } = owner;
      const other = connect(pg, 'shop', { PGUSER: 'reader' });
      await other.ask('SELECT 1');
      const { asides } = await store.preview(call(), taken.manifest, place);
      expect(asides).toContain(
        'sessions of reader on shop cannot be ended by this user: they must be gone at the cut-over',
      );
      await restore(store, taken, place);
      await expect(store.cutover(call(), place)).rejects.toMatchObject({
        code: 'store.blocked',
        facts: { by: expect.stringMatching(/^reader .*\(pid \d+\)$/) as string },
      });
      expect(await other.ask('SELECT 2')).toBe('2');
      expect(sql('shop', 'SELECT 3')).toBe('3');

      pg.sql('postgres', 'GRANT pg_signal_backend TO app');
      expect((await store.preview(call(), taken.manifest, place)).asides).toEqual([]);
      await store.cutover(call(), place);
      await other.close();
      pg.sql('postgres', 'REVOKE pg_signal_backend FROM app');
    });

    it('waits at the cut-over for a session that is about to go', async () => {
      const { store, pg } = owner;
      const other = connect(pg, 'shop', { PGUSER: 'reader' });
      await other.ask('SELECT 1');
      await restore(store, taken, place);
      const switched = store.cutover(call(), place);
      await vi.waitFor(
        () => {
          const open = `SELECT datallowconn FROM pg_database WHERE datname = 'shop'`;
          expect(pg.sql('postgres', open)).toBe('f');
        },
        { timeout: 20_000, interval: 50 },
      );
      await other.close();
      expect((await switched).notes).toEqual([`the replaced database is kept as ${names.old}`]);
    });

    it('cuts over while autovacuum works in the live database', async () => {
      const busy = await startPlainOwner(bin, {
        autovacuum_naptime: '1s',
        autovacuum_vacuum_cost_limit: '1',
        autovacuum_vacuum_cost_delay: '100',
      });
      try {
        busy.anew();
        const backup = await takeBackup(busy.store, backups.fresh());
        await restore(busy.store, backup, place);
        busy.sql(
          'shop',
          'CREATE TABLE t AS SELECT i, md5(i::text) FROM generate_series(1, 200000) i; DELETE FROM t',
        );
        const working = `SELECT count(*) > 0 FROM pg_stat_activity WHERE backend_type = 'autovacuum worker' AND datname = 'shop'`;
        await vi.waitFor(() => expect(busy.pg.sql('postgres', working)).toBe('t'), {
          timeout: 60_000,
          interval: 50,
        });
        expect((await busy.store.cutover(call(), place)).notes).toEqual([
          `the replaced database is kept as ${names.old}`,
        ]);
      } finally {
        await busy.pg.stop();
      }
    });
  },
);
