import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BackupWriter } from '../../../../src/adapters/stores/port.js';
import { SECTIONS, type Section } from '../../../../src/adapters/stores/postgres/sections.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { somePostgres } from '../versions.js';
import { connect, until } from './connected.js';
import { rawWriter, manifestOf } from './raw-streams.js';
import { backupFolder, call, into, MARKER, restore, storeOn, takeBackup } from './rig.js';

describe.each(somePostgres())('a PostgreSQL backup of a database in use, with $title', ({ bin }) => {
  let pg: PostgresService;
  const backups = backupFolder();
  const small = { bigTable: 100_000, range: 300_000 };
  beforeAll(async () => {
    pg = await startPostgres({ bin });
    pg.sql('postgres', 'CREATE DATABASE busy');
    pg.sql(
      'busy',
      `CREATE TABLE accounts (id int PRIMARY KEY, balance bigint, pad text);
       INSERT INTO accounts SELECT i, 100, repeat('x', 80) FROM generate_series(1, 10000) i;
       CREATE TABLE moves (id serial PRIMARY KEY, a int, b int, amount int);
       CREATE TABLE fixed AS SELECT i, md5(i::text) AS h FROM generate_series(1, 500) i;`,
    );
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  const backends = (database = 'busy'): number =>
    Number(
      pg.sql(
        'postgres',
        `SELECT count(*) FROM pg_stat_activity WHERE datname = '${database}' AND application_name LIKE '${MARKER}%'`,
      ),
    );

  it('is one moment of the database while rows move between tables', async () => {
    const writer = connect(pg, 'busy');
    let writing = true;
    let moves = 0;
    const work = (async () => {
      for (; writing; moves++) {
        await writer.ask(`BEGIN; UPDATE accounts SET balance = balance - 1 WHERE id = ${(moves % 9000) + 1};
          UPDATE accounts SET balance = balance + 1 WHERE id = ${10000 - (moves % 900)};
          INSERT INTO moves (a, b, amount) VALUES (1, 2, 1); COMMIT`);
      }
    })();
    await until('the writer writes', () => moves > 20);
    const before = moves;
    const taken = await takeBackup(storeOn(pg, 'busy', { tuning: small }), backups.fresh());
    await until('it goes on after the backup', () => moves > before + 20);
    writing = false;
    await work;
    await writer.close();
    await restore(storeOn(pg, 'busy'), taken, into('moment'));
    expect(pg.sql('moment', 'SELECT sum(balance) FROM accounts')).toBe('1000000');
    const rows = Number(pg.sql('moment', 'SELECT count(*) FROM moves'));
    expect(rows).toBe(taken.manifest.facts.counts['public.moves']);
    expect(rows).toBeGreaterThanOrEqual(before);
    expect(pg.sql('moment', `SELECT sum(100 - balance) FROM accounts WHERE id <= 9000`)).toBe(String(rows));
  });

  const waiting = (): boolean =>
    pg.sql('postgres', 'SELECT count(*) FROM pg_locks WHERE NOT granted') !== '0';
  it('holds off a TRUNCATE that comes during the backup, and has the rows from before it', async () => {
    const folder = backups.fresh();
    const raw = rawWriter(folder);
    const other = connect(pg, 'busy');
    const sections: Promise<unknown>[] = [];
    const writer: BackupWriter = {
      ...raw,
      stream(name, producer) {
        const stored = raw.stream(name, producer);
        sections.push(stored);
        return stored;
      },
      async content(name, body) {
        if (name.startsWith('copy-')) {
          await Promise.all(sections);
          other.send('TRUNCATE fixed');
          await until('the TRUNCATE waits', waiting);
        }
        return raw.content(name, body);
      },
    };
    const store = storeOn(pg, 'busy', { tuning: { bigTable: 10_000, range: 2 ** 30 }, config: { jobs: 2 } });
    const result = await store.dump(call(), writer);
    await other.ask('SELECT 1');
    await other.close();
    await restore(
      storeOn(pg, 'busy'),
      { manifest: manifestOf(result), folder },
      into('kept_rows', 'aaaaaaaa'),
    );
    expect(pg.sql('kept_rows', 'SELECT count(*) FROM fixed')).toBe('500');
    expect(pg.sql('busy', 'SELECT count(*) FROM fixed')).toBe('0');
  });

  it('gives up in bounded time when a TRUNCATE comes between its own locks and those of pg_dump', async () => {
    const raw = rawWriter(backups.fresh());
    const other = connect(pg, 'busy');
    const writer: BackupWriter = {
      ...raw,
      async stream(name, producer) {
        if (name === 'pre-data') other.send('TRUNCATE fixed');
        if (SECTIONS.includes(name as Section)) await until('the TRUNCATE waits', waiting);
        return raw.stream(name, producer);
      },
    };
    const store = storeOn(pg, 'busy', { config: { lockTimeout: '1s' } });
    const begun = Date.now();
    await expect(store.dump(call(), writer)).rejects.toMatchObject({ code: 'store.locked', retryable: true });
    expect(Date.now() - begun).toBeLessThan(8000);
    await until('no backend of it is left', () => backends() === 0);
    await other.ask('SELECT 1');
    await other.close();
  });

  it('says in bounded time that a table is locked', async () => {
    const other = connect(pg, 'busy');
    await other.ask('BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE');
    const begun = Date.now();
    await expect(
      takeBackup(storeOn(pg, 'busy', { config: { lockTimeout: '1s' } }), backups.fresh()),
    ).rejects.toMatchObject({
      code: 'store.locked',
      retryable: true,
      // Whom to ask, or what to end.
      facts: {
        table: 'public.accounts',
        pid: expect.any(Number) as number,
        user: 'postgres',
        application: 'psql',
      },
    });
    expect(Date.now() - begun).toBeLessThan(6000);
    await other.close();
  });

  it('leaves no session that waits for a lock when it is cancelled meanwhile', async () => {
    const other = connect(pg, 'busy');
    await other.ask('BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE');
    const stop = new AbortController();
    const dump = storeOn(pg, 'busy', { config: { lockTimeout: '50s' } }).dump(
      call({ signal: stop.signal }),
      rawWriter(backups.fresh()),
    );
    const over = expect(dump).rejects.toMatchObject({ code: 'cancelled' });
    await until(
      'it waits for the lock',
      () =>
        pg.sql(
          'postgres',
          `SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name LIKE '${MARKER}%'`,
        ) !== '0',
    );
    stop.abort();
    await over;
    await until('no backend of it is left', () => backends() === 0);
    await other.close();
  });

  it('ends all it started when one stream fails', async () => {
    const raw = rawWriter(backups.fresh());
    const failing: BackupWriter = {
      ...raw,
      content: async (name, body) => {
        if (name.startsWith('copy-')) throw new Error('storage is gone');
        return raw.content(name, body);
      },
    };
    await expect(storeOn(pg, 'busy', { tuning: small }).dump(call(), failing)).rejects.toThrow(
      'storage is gone',
    );
    await until('no backend is left', () => backends() === 0);
  });

  it('ends all it started when it is cancelled', async () => {
    const stop = new AbortController();
    const raw = rawWriter(backups.fresh(), stop.signal);
    const cancelling: BackupWriter = {
      ...raw,
      content: (name, body) => {
        if (name.startsWith('copy-')) stop.abort();
        return raw.content(name, body);
      },
    };
    const store = storeOn(pg, 'busy', { tuning: small });
    await expect(store.dump(call({ signal: stop.signal }), cancelling)).rejects.toThrow();
    await until('no backend is left', () => backends() === 0);
  });

  it('ends the sessions an earlier attempt left', async () => {
    const left = connect(pg, 'busy', { PGAPPNAME: `${MARKER}left-over` });
    await left.ask('BEGIN; LOCK TABLE accounts IN ACCESS EXCLUSIVE MODE');
    await takeBackup(storeOn(pg, 'busy', { config: { lockTimeout: '2s' } }), backups.fresh());
    // An idle psql sees that it has been ended when it speaks next.
    left.send('SELECT 1');
    await left.ended;
  });

  it('tells a wrong password, an unknown user and an unreachable server apart', async () => {
    const refused = storeOn(pg, 'busy', { password: new Secret('wrong-password') });
    const error = await refused.facts(call()).catch((e: unknown) => e);
    expect(error).toMatchObject({ code: 'store.denied', retryable: false });
    expect(String(error)).not.toContain('wrong-password');
    await expect(storeOn(pg, 'busy', { config: { user: 'nobody' } }).facts(call())).rejects.toMatchObject({
      code: 'store.denied',
    });
    await expect(storeOn(pg, 'busy', { config: { port: 1 } }).facts(call())).rejects.toMatchObject({
      code: 'store.unreachable',
      retryable: true,
    });
  });

  it('refuses a user who cannot read every table, and check says what to grant', async () => {
    pg.sql(
      'busy',
      `CREATE ROLE reader LOGIN PASSWORD 'reader-pw'; GRANT CONNECT ON DATABASE busy TO reader; GRANT SELECT ON accounts, fixed TO reader`,
    );
    const store = storeOn(pg, 'busy', { config: { user: 'reader' }, password: new Secret('reader-pw') });
    await expect(takeBackup(store, backups.fresh())).rejects.toMatchObject({ code: 'store.denied' });
    const lines = await store.check(call());
    expect(lines.find((line) => line.what === 'backup')).toMatchObject({
      status: 'error',
      message: 'reader cannot read all of public.moves, public.moves_id_seq',
    });
    pg.sql(
      'busy',
      'GRANT SELECT ON ALL TABLES IN SCHEMA public TO reader; GRANT SELECT ON ALL SEQUENCES IN SCHEMA public TO reader',
    );
    const taken = await takeBackup(store, backups.fresh());
    expect(taken.manifest.notes).toEqual([
      'passwords of roles are not in this backup: user reader may not read them',
    ]);
    expect((await store.check(call())).map((line) => `${line.what} ${line.status}`)).toEqual([
      'reach ok',
      'tools ok',
      'connection ok',
      'backup ok',
      'roles warning',
      'restore warning',
      'restore warning',
    ]);
  });
});
