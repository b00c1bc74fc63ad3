import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { spreadPostgres, type PostgresVersion } from '../versions.js';
import {
  backupFolder,
  beside,
  call,
  into,
  readerOf,
  restore,
  storeOn,
  takeBackup,
  type Taken,
} from './rig.js';

const versions = spreadPostgres();
const pairs = (
  accept: (from: number, to: number) => boolean,
): { from: PostgresVersion; to: PostgresVersion }[] =>
  versions.flatMap((from) =>
    versions.filter((to) => accept(from.major, to.major)).map((to) => ({ from, to })),
  );
const upwards = pairs((from, to) => from < to);
const downwards = pairs((from, to) => from > to);

describe('PostgreSQL of several versions', () => {
  const servers = new Map<number, PostgresService>();
  const taken = new Map<number, Taken>();
  const backups = backupFolder();
  const tuning = { bigTable: 100_000, range: 300_000 };
  const server = (version: PostgresVersion): PostgresService => servers.get(version.major) as PostgresService;
  const backup = (version: PostgresVersion): Taken => taken.get(version.major) as Taken;
  const store = (version: PostgresVersion, config: Record<string, unknown> = {}): StorePort =>
    storeOn(server(version), 'shop', { tuning, config: { digests: true, ...config } });

  beforeAll(async () => {
    for (const version of versions) {
      const pg = await startPostgres({ bin: version.bin });
      servers.set(version.major, pg);
      pg.sql('postgres', `CREATE DATABASE shop; CREATE ROLE clerk LOGIN PASSWORD 'pw'`);
      pg.sql(
        'shop',
        `CREATE TABLE orders (id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body text, twice int GENERATED ALWAYS AS (id * 2) STORED, ratio float8, at timestamptz);
         INSERT INTO orders (body, ratio, at) SELECT md5(i::text), i / 7.0, '2026-01-01'::timestamptz + i * interval '1 hour' FROM generate_series(1, 4000) i;
         CREATE INDEX ON orders (lower(body));
         CREATE TABLE "Small one" AS SELECT i FROM generate_series(1, 10) i;
         GRANT SELECT ON orders TO clerk;
         CREATE PUBLICATION everything FOR ALL TABLES;
         SELECT lo_from_bytea(4711, 'large');`,
      );
      taken.set(version.major, await takeBackup(store(version), backups.fresh()));
    }
  });
  afterAll(async () => {
    for (const pg of servers.values()) await pg.stop();
    backups.remove();
  });

  const objects = (version: PostgresVersion): string =>
    server(version).sql(
      'postgres',
      `SELECT datname, datallowconn FROM pg_database ORDER BY 1; SELECT rolname FROM pg_roles ORDER BY 1`,
    );

  it.each(upwards)('takes a backup of $from.title into $to.title', async ({ from, to }) => {
    const place = beside(`up${from.major}to${to.major}`);
    await store(to).preview(call(), backup(from).manifest, place);
    expect(await restore(store(to), backup(from), place)).toEqual([
      '2 tables with 4011 rows and large objects as in the backup',
      'content digests of 2 tables and of large objects equal',
    ]);
    await store(to).cutover(call(), place);
    expect(
      server(to).sql(
        'shop',
        `SELECT max(twice), pg_get_userbyid(relowner) FROM orders, pg_class WHERE relname = 'orders' GROUP BY 2`,
      ),
    ).toBe('8000|postgres');
    await store(to).undo(call(), place);
    await store(to).release(call(), place);
  });

  it.each(downwards)(
    'refuses a backup of $from.title for $to.title before anything is touched',
    async ({ from, to }) => {
      const before = objects(to);
      for (const place of [beside('toonewxx'), into('elsewhere', 'toonewxx')]) {
        await expect(store(to).preview(call(), backup(from).manifest, place)).rejects.toMatchObject({
          code: 'store.too-new',
          retryable: false,
          facts: { backup: backup(from).manifest.server.version },
        });
      }
      expect(objects(to)).toBe(before);
    },
  );

  it.each(downwards)(
    'refuses client tools of $to.title for a server of $from.title, with the version wanted',
    async ({ from, to }) => {
      const old = store(from, { bin: to.bin });
      const refusal = { code: 'store.tool-too-old', retryable: false, facts: { wanted: from.major } };
      await expect(takeBackup(old, backups.fresh())).rejects.toMatchObject(refusal);
      await expect(old.preview(call(), backup(from).manifest, beside('oldtools'))).rejects.toMatchObject(
        refusal,
      );
      expect(await old.check(call())).toMatchObject([
        {
          what: 'reach',
          status: 'error',
          message: expect.stringContaining(`wanted=${from.major}`) as string,
        },
      ]);
    },
  );

  it.each(upwards)(
    'backs up and restores a server of $from.title with the tools of $to.title',
    async ({ from, to }) => {
      const newer = store(from, { bin: to.bin });
      const made = await takeBackup(newer, backups.fresh());
      expect(Number.parseInt(made.manifest.tools['pg_dump'] ?? '', 10)).toBe(to.major);
      expect((await newer.readable(call(), readerOf(made))).join()).toContain('pg_restore');
      const place = beside(`with${to.major}on${from.major}`);
      expect((await restore(newer, made, place)).join()).toMatch(/as in the backup.*equal/);
      await newer.undo(call(), place);
      // The server's own tools do not know these archives: said before the load, not in its middle.
      await expect(store(from).preview(call(), made.manifest, place)).rejects.toMatchObject({
        code: 'store.tool-too-old',
        facts: { wanted: to.major },
      });
      const lines = newer.escape(made.manifest, (stream) => `cat '${join(made.folder, stream)}'`);
      execFileSync('bash', ['-e', '-o', 'pipefail', '-c', lines.join('\n')], {
        env: { ...server(from).env(), PGCLIENTENCODING: '', PATH: `${to.bin}:${process.env['PATH']}` },
        stdio: 'pipe',
      });
      const question = 'SELECT count(*), sum(ratio) FROM orders';
      expect(server(from).sql('shop_restored', question)).toBe(server(from).sql('shop', question));
      server(from).sql('postgres', 'DROP DATABASE shop_restored');
    },
  );
});
