import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RestorePlace } from '../../../../src/adapters/stores/port.js';
import type { SteadyError } from '../../../../src/contracts/failures.js';
import { ownerVersions, startPlainOwner, type PlainOwner } from './plain-owner.js';
import { backupFolder, beside, call, into, restore, storeOn, takeBackup, type Taken } from './rig.js';

describe.each(ownerVersions)('what a plain owner lacks for a restore, $title', ({ bin }) => {
  let owner: PlainOwner;
  const backups = backupFolder();
  const place = beside('k7q2m9xd');
  beforeAll(async () => {
    owner = await startPlainOwner(bin);
  });
  afterAll(async () => {
    await owner.pg.stop();
    backups.remove();
  });
  beforeEach(() => owner.anew(['audit', 'passing', 'twice', 'unrelated']));

  /** Taken by a superuser: much of this the owner could not even read. */
  const whole = (): Promise<Taken> => takeBackup(storeOn(owner.pg, 'shop'), backups.fresh());
  const needs = async (taken: Taken, where: RestorePlace = place): Promise<unknown> => {
    const before = owner.databases();
    const error: unknown = await owner.store.preview(call(), taken.manifest, where).catch((e: unknown) => e);
    expect(owner.databases()).toBe(before);
    expect(error).toMatchObject({ code: 'store.denied', facts: { user: 'app', database: 'shop' } });
    return (error as SteadyError).facts['needs'];
  };

  it('is to be a member of those who own objects', async () => {
    const { pg, store } = owner;
    pg.sql(
      'shop',
      `CREATE ROLE audit; CREATE TABLE trail (i int); ALTER TABLE trail OWNER TO audit;
       CREATE FUNCTION told() RETURNS event_trigger LANGUAGE plpgsql AS $$ BEGIN END $$;
       CREATE EVENT TRIGGER told ON ddl_command_end EXECUTE FUNCTION told()`,
    );
    const theirs = 'to be a member of audit, postgres, owner of objects in the backup';
    expect(await needs(await whole())).toBe(`${theirs}; a superuser, for event trigger told`);
    expect(await needs(await whole(), into('shop_copy'))).toBe('a superuser, for event trigger told');
    pg.sql('shop', 'DROP EVENT TRIGGER told; DROP FUNCTION told(); GRANT audit TO app');
    expect(await needs(await whole())).toBe('a superuser, for what audit owns in schemas of others');
    // Another place has the data, and says whose they are.
    const elsewhere = into('shop_copy');
    const guest = await whole();
    expect((await store.preview(call(), guest.manifest, elsewhere)).notes.join()).toContain(
      'owners and grants are left out, all will belong to this user; they need: a superuser, for what audit',
    );
    await restore(store, guest, elsewhere);
    const tables = `SELECT DISTINCT pg_get_userbyid(relowner) FROM pg_class WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace`;
    expect(pg.sql('shop_copy', tables)).toBe('app');
    await store.undo(call(), elsewhere);
    pg.sql('shop', 'CREATE SCHEMA trails AUTHORIZATION audit; ALTER TABLE trail SET SCHEMA trails');
    const taken = await whole();
    await store.preview(call(), taken.manifest, place);
    await restore(store, taken, place);
    await store.cutover(call(), place);
    const tableOwner = `SELECT pg_get_userbyid(relowner) FROM pg_class WHERE relname = 'trail'`;
    expect(pg.sql('shop', tableOwner)).toBe('audit');
  });

  it('are roles that are not there, where the database needs them', async () => {
    const { pg, store } = owner;
    pg.sql('shop', 'CREATE ROLE passing; GRANT SELECT ON orders TO passing; CREATE ROLE unrelated');
    const taken = await whole();
    pg.sql('shop', 'DROP OWNED BY passing; DROP ROLE passing, unrelated');
    expect(await needs(taken)).toBe('roles that are not here: passing');

    pg.sql('postgres', 'CREATE ROLE passing');
    const { notes } = await store.preview(call(), taken.manifest, place);
    expect(notes).toContain('roles that are not here and are not needed are not added: unrelated');
    await restore(store, taken, place);
    expect(pg.sql('postgres', `SELECT count(*) FROM pg_roles WHERE rolname = 'unrelated'`)).toBe('0');
  });

  it('is nothing of that with CREATEROLE, which adds the roles needed and no other', async () => {
    const { pg, store } = owner;
    pg.sql('shop', 'CREATE ROLE passing; GRANT SELECT ON orders TO passing; CREATE ROLE unrelated SUPERUSER');
    const taken = await whole();
    pg.sql('shop', 'DROP OWNED BY passing; DROP ROLE passing, unrelated; ALTER ROLE app CREATEROLE');
    try {
      const { notes } = await store.preview(call(), taken.manifest, place);
      expect(notes).toContain('roles that will be added: passing');
      await restore(store, taken, place);
      const there = `SELECT string_agg(rolname, ' ') FROM pg_roles WHERE rolname IN ('passing', 'unrelated')`;
      expect(pg.sql('postgres', there)).toBe('passing');
    } finally {
      pg.sql('postgres', 'ALTER ROLE app NOCREATEROLE');
    }
  });

  it('is a superuser, for extensions that are not trusted and for grants by others than the owner', async () => {
    const { pg } = owner;
    pg.sql(
      'shop',
      `CREATE EXTENSION pg_stat_statements SCHEMA stock; CREATE ROLE twice; GRANT USAGE ON SCHEMA public TO twice;
       GRANT SELECT ON few TO twice WITH GRANT OPTION; SET ROLE twice; GRANT SELECT ON public.few TO reader`,
    );
    const taken = await whole();
    const both =
      'a superuser, for grants by others than the owner on public.few; a superuser, to create extension pg_stat_statements';
    expect(await needs(taken)).toBe(both);
    expect(await needs(taken, into('shop_copy'))).toBe('a superuser, to create extension pg_stat_statements');
    // As on a managed server, which has a way of its own to create extensions.
    pg.sql(
      'shop',
      'SET ROLE twice; REVOKE SELECT ON public.few FROM reader; RESET ROLE; CREATE ROLE rds_superuser',
    );
    try {
      const { notes } = await owner.store.preview(call(), (await whole()).manifest, place);
      expect(notes.join()).toContain('this server must let you create them: pg_stat_statements');
    } finally {
      pg.sql('postgres', 'DROP ROLE rds_superuser');
    }
  });

  it('is what gives the new database the settings of the live one', async () => {
    const { pg, store } = owner;
    pg.sql(
      'postgres',
      `ALTER DATABASE shop SET log_min_duration_statement TO '1s'; ALTER DATABASE shop SET my.own TO 'x';
       ALTER ROLE reader IN DATABASE shop SET work_mem TO '9MB'`,
    );
    const taken = await takeBackup(store, backups.fresh());
    const superuser = 'a superuser, to put onto the new database:';
    expect(await needs(taken)).toBe(
      `${superuser} parameter log_min_duration_statement, parameter my.own, parameter work_mem of role reader`,
    );
    // Another place does without them, and says so.
    const elsewhere = into('shop_copy');
    const { notes } = await store.preview(call(), taken.manifest, elsewhere);
    expect(notes.join()).toMatch(/may not make are left out: parameter log_min_duration_statement, /);
    await restore(store, taken, elsewhere);
    await store.undo(call(), elsewhere);

    pg.sql('postgres', 'GRANT SET ON PARAMETER log_min_duration_statement, my.own TO app');
    expect(await needs(taken)).toBe(`${superuser} parameter work_mem of role reader`);
    pg.sql('postgres', 'ALTER ROLE reader IN DATABASE shop RESET work_mem');
    await restore(store, taken, place);
    await store.cutover(call(), place);
    const settings = `SELECT array_agg(c ORDER BY c) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = setdatabase, unnest(setconfig) c WHERE datname = current_database()`;
    expect(pg.sql('shop', settings)).toBe(
      '{log_min_duration_statement=1s,my.own=x,statement_timeout=1h,work_mem=7MB}',
    );
    pg.sql('postgres', 'REVOKE SET ON PARAMETER log_min_duration_statement, my.own FROM app');
  });

  it('is a right on a tablespace', async () => {
    const { pg, store } = owner;
    pg.sql('postgres', `SET allow_in_place_tablespaces TO on; CREATE TABLESPACE fast LOCATION ''`);
    pg.sql('shop', 'ALTER TABLE orders SET TABLESPACE fast');
    const taken = await takeBackup(store, backups.fresh());
    expect(await needs(taken)).toBe('CREATE on tablespace fast');
    pg.sql('postgres', 'GRANT CREATE ON TABLESPACE fast TO app');
    await store.preview(call(), taken.manifest, place);
    await restore(store, taken, place);
  });
});
