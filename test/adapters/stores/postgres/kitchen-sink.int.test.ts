import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Detail } from '../../../../src/adapters/stores/postgres/detail.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { somePostgres } from '../versions.js';
import { hasExtension, KITCHEN_ROLES, kitchenSink } from './kitchen-sink.js';
import { privateInstall, type PrivateInstall } from './private-install.js';
import { backupFolder, call, into, restore, storeOn, takeBackup, type Taken } from './rig.js';

/** Names with what breaks careless quoting. */
const DATABASE = `Kit'chen "sink" = x`;

describe.each(somePostgres())('one of everything, with $title', ({ bin }) => {
  let pg: PostgresService;
  let other: PostgresService;
  let installed: PrivateInstall;
  let contrib = true;
  let taken: Taken;
  const backups = backupFolder();
  const quoted = `"${DATABASE.replaceAll('"', '""')}"`;
  const small = { bigTable: 100_000, range: 200_000 };

  beforeAll(async () => {
    installed = privateInstall(bin);
    pg = await startPostgres({ bin: installed.bin, settings: { wal_level: 'logical' } });
    other = await startPostgres({ bin: installed.bin });
    pg.sql('postgres', KITCHEN_ROLES);
    pg.sql('postgres', `CREATE DATABASE ${quoted} OWNER chief`);
    contrib = hasExtension(pg, 'hstore');
    pg.sql(DATABASE, kitchenSink(contrib));
    // One stream at a time, so that rows come back in their order and dumps can be compared as text.
    taken = await takeBackup(
      storeOn(pg, DATABASE, { tuning: small, config: { jobs: 1, digests: true } }),
      backups.fresh(),
    );
  });
  afterAll(async () => {
    await pg.stop();
    await other.stop();
    installed.remove();
    backups.remove();
  });

  const plain = (server: PostgresService, database: string): string[] =>
    server
      .tool('pg_dump', ['--no-password'], { database })
      .toString('utf8')
      .split('\n')
      .filter((line) => !/^\\(un)?restrict /.test(line));

  it('gives the same database as pg_dump -Fc and pg_restore do', async () => {
    const archive = join(backups.fresh(), 'reference');
    writeFileSync(archive, pg.tool('pg_dump', ['-Fc'], { database: DATABASE }));
    pg.sql('postgres', 'CREATE DATABASE reference TEMPLATE template0');
    pg.tool('pg_restore', ['--exit-on-error', '-d', 'reference', archive]);

    const names = taken.manifest.streams.map((stream) => stream.name);
    expect(names.filter((name) => /^copy-/.test(name)).length).toBeGreaterThan(3);
    expect((taken.manifest.detail as Detail).big.map((table) => table.name)).toContain(
      `Tä"ble.with 'all' $1 = \\ ?*[x]`,
    );
    await restore(storeOn(pg, DATABASE, { config: { jobs: 1 } }), taken, into('ours'));
    expect(plain(pg, 'ours')).toEqual(plain(pg, 'reference'));
    for (const question of [
      'SELECT n, s FROM totals',
      `SELECT loid, md5(string_agg(data, ''::bytea ORDER BY pageno)) FROM pg_largeobject GROUP BY loid ORDER BY loid`,
      `SELECT sequencename, last_value FROM pg_sequences ORDER BY 1`,
      'SELECT last_value, is_called FROM plain',
      'SELECT name, own FROM steady_test.rules ORDER BY 1',
    ]) {
      expect(pg.sql('ours', question), question).toBe(pg.sql('reference', question));
    }
    expect(pg.sql('ours', 'SELECT last_value, is_called FROM plain')).toBe('11|t');
    expect(pg.sql('ours', 'SELECT string_agg(name, $$,$$ ORDER BY name) FROM steady_test.rules')).toBe(
      'also mine,builtin,mine',
    );
  });

  it('counts what a dump holds, by name', () => {
    const { counts, names } = taken.manifest.facts;
    expect(counts).toMatchObject({
      'public.people': 3000,
      [`"Odd Schema"."Tä""ble.with 'all' $1 = \\ ?*[x]"`]: 4000,
      'public.parent': 20,
      'public.child': 3001,
      'public.volatile_rows': 77,
      'public.no_columns': 1,
      'steady_test.rules': 2,
      'large objects': 3,
    });
    // Partitions are counted, not their parent; rows of an extension's other tables are not in any dump.
    expect(counts).not.toHaveProperty(['public.measured']);
    expect(counts).not.toHaveProperty(['steady_test.scratchpad']);
    expect(names).toMatchObject({
      extensions: [...(contrib ? ['citext', 'hstore'] : []), 'plpgsql', 'steady_test'],
      publications: ['everything', 'two_tables'],
    });
  });

  it('brings roles to a server that has none of them, with passwords, memberships and settings', async () => {
    await restore(storeOn(other, DATABASE), taken, into('ours'));
    const globals = (server: PostgresService): string[] =>
      server
        .tool('pg_dumpall', ['--globals-only'])
        .toString('utf8')
        .split('\n')
        .filter((line) => !/^\\(un)?restrict |^ALTER ROLE postgres /.test(line));
    expect(globals(other)).toEqual(globals(pg));
    expect(
      other.sql('postgres', `SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'ours'`),
    ).toBe('chief');
  });

  it('keeps password hashes out of the manifest', () => {
    expect(JSON.stringify(taken.manifest)).not.toContain('SCRAM-SHA-256');
  });

  it('leaves a role as it is that differs from the backup, and says so before', async () => {
    other.sql('postgres', 'ALTER ROLE chief NOCREATEDB SUPERUSER');
    const store = storeOn(other, 'postgres', { config: { maintenanceDatabase: 'template1' } });
    const { notes } = await store.preview(call(), taken.manifest, into('again'));
    expect(notes).toEqual([
      'role chief differs from the backup and is left as it is; the backup has NOSUPERUSER, CREATEDB',
    ]);
    await restore(store, taken, into('again'));
    expect(other.sql('postgres', `SELECT rolsuper, rolcreatedb FROM pg_roles WHERE rolname = 'chief'`)).toBe(
      't|f',
    );
  });
});
