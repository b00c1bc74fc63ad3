import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RestorePlace, StorePort } from '../../../../src/adapters/stores/port.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { connect, until } from './connected.js';
import { rawReader } from './raw-streams.js';
import {
  backupFolder,
  beside,
  call,
  MARKER,
  readerOf,
  restore,
  storeOn,
  takeBackup,
  type Taken,
} from './rig.js';

let pg: PostgresService;
const backups = backupFolder();
beforeAll(async () => {
  pg = await startPostgres({ settings: { wal_level: 'logical', max_prepared_transactions: '5' } });
  pg.sql('postgres', 'CREATE ROLE app LOGIN; CREATE ROLE audit; CREATE ROLE manager');
});
afterAll(async () => {
  await pg.stop();
  backups.remove();
});

const databases = (): string[] =>
  pg
    .sql('postgres', `SELECT datname FROM pg_database WHERE datname LIKE 'shop%' ORDER BY 1`)
    .split('\n')
    .filter(Boolean);
const names = {
  fresh: 'shop_new_k7q2m9xd',
  nascent: 'shop_nascent_k7q2m9xd',
  old: 'shop_old_20261122_k7q2m9xd',
  undone: 'shop_undone_k7q2m9xd',
};
const place = beside('k7q2m9xd');
let store: StorePort;
let taken: Taken;

beforeEach(async () => {
  for (const database of databases()) pg.sql('postgres', `DROP DATABASE "${database}" WITH (FORCE)`);
  pg.sql('postgres', 'CREATE DATABASE shop');
  pg.sql(
    'shop',
    `CREATE TABLE orders (id int PRIMARY KEY); INSERT INTO orders SELECT generate_series(1, 1000)`,
  );
  store = storeOn(pg, 'shop');
  taken = await takeBackup(store, backups.fresh());
  pg.sql('shop', 'INSERT INTO orders VALUES (5000)');
});

/** Somebody needs a database while there is none. */
function makeTonight(): void {
  pg.sql('postgres', 'CREATE DATABASE shop');
  pg.sql('shop', 'CREATE TABLE orders AS SELECT 1 AS id');
}

/** As a load leaves it that had dropped what the attempt before it had loaded, and not yet given its name to the next. */
function killedBeforeRenaming(): void {
  const told = pg.sql(
    'postgres',
    `SELECT quote_literal(shobj_description(oid, 'pg_database')) FROM pg_database WHERE datname = '${names.fresh}'`,
  );
  pg.sql('postgres', `DROP DATABASE ${names.fresh} WITH (FORCE)`);
  pg.sql('postgres', `CREATE DATABASE ${names.nascent}`);
  pg.sql('postgres', `COMMENT ON DATABASE ${names.nascent} IS ${told}`);
}

const orders = (database = 'shop'): string => pg.sql(database, 'SELECT count(*) FROM orders');
const settingsOf = (database: string): string =>
  pg.sql(
    'postgres',
    `SELECT pg_get_userbyid(datdba), (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(datacl) a), datconnlimit, datallowconn, datistemplate, shobj_description(oid, 'pg_database'),
       (SELECT jsonb_agg(jsonb_build_object('r', setrole, 'c', setconfig) ORDER BY setrole) FROM pg_db_role_setting WHERE setdatabase = d.oid)
     FROM pg_database d WHERE datname = '${database}'`,
  );

describe('a cut-over', () => {
  it('switches under live sessions with a short gap, and a client that reconnects goes on with the restored rows', async () => {
    await restore(store, taken, place);
    const idle = connect(pg, 'shop');
    await idle.ask('BEGIN; SELECT count(*) FROM orders');
    const seen: string[] = [];
    let gone = 0;
    let running = true;
    const client = (async () => {
      while (running) {
        const session = connect(pg, 'shop');
        try {
          for (;;) {
            const answer = await session.ask('SELECT count(*) FROM orders');
            if (seen.at(-1) !== answer) seen.push(answer);
            if (!running) break;
          }
        } catch {
          gone++;
        }
        await session.close();
      }
    })();
    await until('the client works', () => seen.length === 1);
    const result = await store.cutover(call(), place);
    await until('the client sees the restored rows', () => seen.length === 2);
    running = false;
    await client;
    expect(seen).toEqual(['1001', '1000']);
    expect(gone).toBeGreaterThan(0);
    expect(result.gapSeconds).toBeGreaterThan(0);
    expect(result.gapSeconds).toBeLessThan(5);
    expect(result.notes).toEqual([`the replaced database is kept as ${names.old}`]);
    expect(databases()).toEqual(['shop', names.old]);
    expect(() => orders(names.old)).toThrow(/not currently accepting connections/);
  });

  it('copies the settings no dump carries', async () => {
    pg.sql(
      'postgres',
      `ALTER DATABASE shop OWNER TO manager;
       REVOKE CONNECT ON DATABASE shop FROM PUBLIC;
       REVOKE TEMPORARY ON DATABASE shop FROM manager;
       GRANT CONNECT ON DATABASE shop TO app WITH GRANT OPTION;
       SET ROLE app; GRANT CONNECT ON DATABASE shop TO audit; RESET ROLE;
       ALTER DATABASE shop SET search_path TO "$user", "odd, name", public;
       ALTER DATABASE shop SET work_mem TO '7MB';
       ALTER DATABASE shop SET my.custom TO 'it''s "x", y';
       ALTER ROLE app IN DATABASE shop SET statement_timeout TO '3s';
       ALTER DATABASE shop CONNECTION LIMIT 33;
       COMMENT ON DATABASE shop IS 'the shop''s own comment'`,
    );
    const before = settingsOf('shop');
    await restore(store, taken, place);
    await store.cutover(call(), place);
    expect(settingsOf('shop')).toBe(before);
    await store.undo(call(), place);
    expect(settingsOf('shop')).toBe(before);
  });

  it('does in every phase called twice what it does once', async () => {
    await store.load(call(), readerOf(taken), place);
    await restore(store, taken, place);
    expect(databases()).toEqual(['shop', names.fresh]);
    const first = await store.cutover(call(), place);
    const again = await store.cutover(call(), place);
    expect(again.gapSeconds).toBeCloseTo(first.gapSeconds, 2);
    expect(again.notes).toEqual([`was done already: ${names.old} is kept`]);
    // A late second attempt of the load must not make anything anew.
    await store.load(call(), readerOf(taken), place);
    await store.compare(call(), taken.manifest, place);
    expect(databases()).toEqual(['shop', names.old]);
    expect(orders()).toBe('1000');

    pg.sql('shop', 'INSERT INTO orders VALUES (7777)');
    expect(await store.undo(call(), place)).toEqual([
      'shop is the database from before the restore',
      `what was restored, and written since, is kept as ${names.undone}`,
    ]);
    expect(await store.undo(call(), place)).toEqual([
      `was undone already: ${names.undone} keeps what was restored`,
    ]);
    expect(orders()).toBe('1001');
    pg.sql('postgres', `ALTER DATABASE ${names.undone} ALLOW_CONNECTIONS true`);
    expect(pg.sql(names.undone, 'SELECT count(*) FROM orders WHERE id = 7777')).toBe('1');
    expect(await store.release(call(), place)).toEqual([`${names.undone} was dropped`]);
    expect(await store.release(call(), place)).toEqual(['nothing to do: nothing is kept']);
    expect(databases()).toEqual(['shop']);
  });

  it('is undone before it was done by dropping what was loaded and opening the live database', async () => {
    await restore(store, taken, place);
    // As a worker leaves it that died between closing and renaming.
    pg.sql('postgres', 'ALTER DATABASE shop ALLOW_CONNECTIONS false');
    expect(await store.undo(call(), place)).toEqual([`${names.fresh} was dropped`, 'shop serves']);
    expect(await store.undo(call(), place)).toEqual([`nothing to do: ${names.fresh} is not there`]);
    expect(orders()).toBe('1001');
  });

  it('goes on where a worker died between closing and renaming', async () => {
    await restore(store, taken, place);
    pg.sql('postgres', 'ALTER DATABASE shop ALLOW_CONNECTIONS false');
    await store.cutover(call(), place);
    expect(orders()).toBe('1000');
  });

  it('opens the live database again when it fails', async () => {
    await restore(store, taken, place);
    pg.sql('postgres', `CREATE DATABASE ${names.old}`);
    await expect(store.cutover(call(), place)).rejects.toMatchObject({
      code: 'tool.failed',
      facts: { sqlstate: '42P04' },
    });
    expect(orders()).toBe('1001');
  });

  it('moves the loaded database in where the live one is gone', async () => {
    pg.sql(
      'postgres',
      `COMMENT ON DATABASE shop IS 'mine'; ALTER DATABASE shop SET work_mem TO '9MB'; GRANT CREATE ON DATABASE shop TO app`,
    );
    const later = await takeBackup(store, backups.fresh());
    const before = settingsOf('shop').replace(/\|mine\|/, '|');
    pg.sql('postgres', 'DROP DATABASE shop WITH (FORCE)');
    const preview = await store.preview(call(), later.manifest, place);
    expect(preview.notes).toContain('there is no database shop: nothing is replaced');
    await restore(store, later, place);
    expect((await store.cutover(call(), place)).notes).toEqual([
      'there was no database shop: nothing is kept',
    ]);
    expect((await store.cutover(call(), place)).notes).toEqual(['was done already: shop is the loaded one']);
    expect(orders()).toBe('1001');
    await store.release(call(), place);
    expect(settingsOf('shop').replace(/\|mine\|/, '|')).toBe(before);
    expect(
      pg.sql(
        'postgres',
        `SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = 'shop'`,
      ),
    ).toBe('mine');
  });

  it('keeps a database that somebody made while it loaded, where there was none, and takes nothing of it over', async () => {
    pg.sql('postgres', `COMMENT ON DATABASE shop IS 'mine'; ALTER DATABASE shop SET work_mem TO '9MB'`);
    const later = await takeBackup(store, backups.fresh());
    const before = settingsOf('shop');
    pg.sql('postgres', 'DROP DATABASE shop WITH (FORCE)');
    await restore(store, later, place);
    expect(await store.kept(call(), place)).toBeUndefined();
    makeTonight();
    // Also when it is loaded once more.
    await restore(store, later, place);
    expect((await store.cutover(call(), place)).notes[1]).toBe(
      'it was made since: owner, rights and settings are those of the backup',
    );
    expect(settingsOf('shop')).toBe(before);
    expect(await store.kept(call(), place)).toBe(names.old);
    await store.undo(call(), place);
    expect(databases()).toEqual(['shop', names.undone]);
    expect(await store.kept(call(), place)).toBe(names.undone);
    expect(orders('shop')).toBe('1');
  });

  it('in place, replaces no database that was made since it was looked at, at the load or at the cut-over', async () => {
    const blocked = { code: 'store.blocked', facts: { database: 'shop' } };
    const absent = { ...place, mode: 'in-place', absent: true } as const;
    await expect(store.load(call(), readerOf(taken), absent)).rejects.toMatchObject(blocked);
    expect(await store.undo(call(), absent, { begun: true })).toEqual([
      `nothing to do: ${names.fresh} is not there`,
    ]);
    expect(databases()).toEqual(['shop']);
    const loadThenMade = async (where: RestorePlace): Promise<void> => {
      await store.load(call(), readerOf(taken), where);
      makeTonight();
      await expect(store.cutover(call(), where)).rejects.toMatchObject(blocked);
      expect(orders()).toBe('1');
    };
    pg.sql('postgres', 'DROP DATABASE shop');
    await loadThenMade(absent);
    expect(await store.undo(call(), absent)).toEqual([`${names.fresh} was dropped`, 'shop serves']);
    const inPlace = { ...place, mode: 'in-place' } as const;
    await loadThenMade(inPlace);
    // An undo leaves what tells the two apart, also where an attempt was killed: nothing else would refuse the next load.
    killedBeforeRenaming();
    await expect(store.undo(call(), inPlace)).rejects.toMatchObject({ code: 'store.gone' });
    await expect(store.load(call(), readerOf(taken), inPlace)).rejects.toMatchObject(blocked);
    expect(orders()).toBe('1');
  });

  it('in place, says that there is nothing to go back to also when what was loaded is gone again', async () => {
    const inPlace = { ...place, mode: 'in-place' } as const;
    await store.load(call(), readerOf(taken), inPlace);
    pg.sql('postgres', `DROP DATABASE ${names.fresh} WITH (FORCE)`);
    await expect(store.undo(call(), inPlace)).rejects.toMatchObject({ code: 'store.gone' });
    await store.load(call(), readerOf(taken), inPlace);
    await store.cutover(call(), inPlace);
    expect(orders()).toBe('1000');
  });

  it('in place, does not take a database for the old one that somebody has made under its name', async () => {
    const inPlace = { ...place, mode: 'in-place' } as const;
    await store.load(call(), readerOf(taken), inPlace);
    pg.sql('postgres', 'CREATE DATABASE shop');
    await expect(store.undo(call(), inPlace, { begun: true })).rejects.toMatchObject({
      code: 'store.gone',
      facts: { says: expect.stringContaining('another, made since') as string },
    });
  });

  it('in place, drops what it loaded where there was none before', async () => {
    const inPlace = { ...place, mode: 'in-place' } as const;
    pg.sql('postgres', 'DROP DATABASE shop');
    await store.load(call(), readerOf(taken), inPlace);
    expect(await store.undo(call(), inPlace, { begun: true })).toEqual([`${names.fresh} was dropped`]);
    expect(databases()).toEqual([]);
  });

  it('replaces in place where there is no room, keeping the settings', async () => {
    pg.sql('postgres', `ALTER DATABASE shop SET work_mem TO '11MB'`);
    const before = settingsOf('shop');
    await store.load(call(), readerOf(taken), { ...place, mode: 'in-place' });
    expect(databases()).toEqual([names.fresh]);
    killedBeforeRenaming();
    // A second attempt finds no live database any more and takes the settings from what the first one kept.
    await store.load(call(), readerOf(taken), { ...place, mode: 'in-place' });
    const nothingKept = { code: 'store.gone', facts: { database: 'shop' } };
    await expect(store.undo(call(), { ...place, mode: 'in-place' })).rejects.toMatchObject(nothingKept);
    await store.cutover(call(), { ...place, mode: 'in-place' });
    await expect(store.undo(call(), { ...place, mode: 'in-place' })).rejects.toMatchObject(nothingKept);
    await store.release(call(), { ...place, mode: 'in-place' });
    expect(databases()).toEqual(['shop']);
    expect(orders()).toBe('1000');
    expect(settingsOf('shop')).toBe(before);
  });
});

describe('a load', () => {
  it('begins anew after its tools were killed', async () => {
    const raw = rawReader(taken.folder, taken.manifest);
    const killed = {
      ...raw,
      open(name: string) {
        if (name !== 'post-data') return raw.open(name);
        pg.sql(
          'postgres',
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${names.fresh}'`,
        );
        throw new Error('the worker died');
      },
    };
    await expect(store.load(call(), killed, place)).rejects.toThrow('the worker died');
    expect(databases()).toEqual(['shop', names.fresh]);
    const left = connect(pg, names.fresh, { PGAPPNAME: `${MARKER}killed` });
    await left.ask('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    await restore(store, taken, place);
    expect(orders(names.fresh)).toBe('1000');
    await left.close();
  });

  it('never touches a database it did not make', async () => {
    pg.sql('postgres', `CREATE DATABASE ${names.fresh}`);
    pg.sql(names.fresh, 'CREATE TABLE precious (a int)');
    for (const attempt of [
      () => store.load(call(), readerOf(taken), place),
      () => store.preview(call(), taken.manifest, place),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'store.not-empty',
        facts: { database: names.fresh },
      });
    }
    await store.undo(call(), place);
    expect(pg.sql(names.fresh, 'SELECT count(*) FROM precious')).toBe('0');
  });

  it('is refused by compare when a row is missing or changed', async () => {
    const digests = storeOn(pg, 'shop', { config: { digests: true } });
    const withDigests = await takeBackup(digests, backups.fresh());
    await restore(digests, withDigests, place);
    pg.sql(names.fresh, 'UPDATE orders SET id = 6000 WHERE id = 1');
    await expect(store.compare(call(), withDigests.manifest, place)).rejects.toMatchObject({
      code: 'store.mismatch',
      facts: { differences: 'public.orders has other content' },
    });
    pg.sql(names.fresh, 'DELETE FROM orders WHERE id = 6000');
    await expect(store.compare(call(), withDigests.manifest, place)).rejects.toMatchObject({
      facts: { differences: 'public.orders has 1000 instead of 1001; public.orders has other content' },
    });
  });

  it('runs the user’s own checks', async () => {
    const checks = ['SELECT count(*) > 10 FROM orders', `SELECT ':x' = ':x' -- \\q`];
    const asked = storeOn(pg, 'shop', { config: { checks } });
    expect(await restore(asked, taken, place)).toContain('2 checks answered true');
    const wrong = storeOn(pg, 'shop', { config: { checks: ['SELECT count(*) > 1000000 FROM orders'] } });
    await expect(wrong.compare(call(), taken.manifest, place)).rejects.toMatchObject({
      code: 'check.failed',
      facts: { answer: 'f' },
    });
    expect(await asked.ask?.(call(), ['SELECT max(id) FROM orders'])).toBe('5000');
  });
});

describe('a preview', () => {
  it('says what will be done and what is there', async () => {
    const preview = await store.preview(call(), taken.manifest, place);
    expect(preview).toMatchObject({
      keptAs: names.old,
      stopsStore: false,
      notes: [],
      live: { facts: { counts: { 'public.orders': 1001 } } },
    });
    expect(preview.words.load).toBe(`Load into ${names.fresh} beside shop`);
  });

  it('refuses a backup of a newer server', async () => {
    const newer = { ...taken.manifest, server: { ...taken.manifest.server, version: '99.1', major: 99 } };
    await expect(store.preview(call(), newer, place)).rejects.toMatchObject({ code: 'store.too-new' });
  });

  it('refuses when there is no room', async () => {
    const detail = taken.manifest.detail as { database: object };
    const huge = {
      ...taken.manifest,
      detail: { ...detail, database: { ...detail.database, bytes: 2 ** 52 } },
    };
    await expect(store.preview(call(), huge, place)).rejects.toMatchObject({ code: 'store.no-room' });
  });

  it('names what blocks the cut-over', async () => {
    pg.sql(
      'shop',
      `SELECT pg_create_logical_replication_slot('follower', 'pgoutput');
       CREATE SUBSCRIPTION news CONNECTION 'host=nowhere' PUBLICATION p WITH (connect = false);
       BEGIN; INSERT INTO orders VALUES (9999); PREPARE TRANSACTION 'half done';`,
    );
    const by =
      'logical replication slot follower; prepared transaction half done of postgres; subscription news';
    try {
      await expect(store.preview(call(), taken.manifest, place)).rejects.toMatchObject({
        code: 'store.blocked',
        facts: { by },
      });
    } finally {
      pg.sql(
        'shop',
        `ROLLBACK PREPARED 'half done'; SELECT pg_drop_replication_slot('follower');
        ALTER SUBSCRIPTION news DISABLE; ALTER SUBSCRIPTION news SET (slot_name = NONE); DROP SUBSCRIPTION news`,
      );
    }
  });

  it('refuses a user who may not rename, and names --into', async () => {
    pg.sql('postgres', `DROP ROLE IF EXISTS maker; CREATE ROLE maker LOGIN CREATEDB PASSWORD 'maker-pw'`);
    const managed = storeOn(pg, 'shop', { config: { user: 'maker' }, password: new Secret('maker-pw') });
    const error = await managed.preview(call(), taken.manifest, place).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'store.denied' });
    expect(String(error)).toContain('--into');
    const into = { ...place, mode: 'into' as const, into: 'shop_copy' };
    expect((await managed.preview(call(), taken.manifest, into)).words.cutover).toBe(
      'nothing to do: shop is not touched',
    );
  });
});
