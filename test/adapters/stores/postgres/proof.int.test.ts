import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scratchHome } from '../../../../src/adapters/stores/postgres/scratch-folder.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { somePostgres } from '../versions.js';
import { hasExtension, KITCHEN_ROLES } from './kitchen-sink.js';
import { backupFolder, call, into, readerOf, restore, storeOn, takeBackup, type Taken } from './rig.js';

describe.each(somePostgres())('a backup looked at without its server, with $title', ({ bin }) => {
  let pg: PostgresService;
  let taken: Taken;
  const backups = backupFolder();
  const database = 'pro"of';
  beforeAll(async () => {
    pg = await startPostgres({ bin });
    const trigrams = hasExtension(pg, 'pg_trgm');
    pg.sql('postgres', KITCHEN_ROLES);
    pg.sql(
      'postgres',
      `CREATE DATABASE "pro""of" OWNER clerk TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`,
    );
    pg.sql(
      database,
      `${trigrams ? 'CREATE EXTENSION pg_trgm' : 'SELECT 1'};
       CREATE TABLE "It's" (id int PRIMARY KEY, "t ext" text);
       INSERT INTO "It's" SELECT i, 'é' || md5(i::text) FROM generate_series(1, 5000) i;
       CREATE INDEX ON "It's" ${trigrams ? 'USING gin ("t ext" gin_trgm_ops)' : '("t ext")'};
       SELECT lo_from_bytea(0, 'large');`,
    );
    taken = await takeBackup(
      storeOn(pg, database, { tuning: { bigTable: 100_000, range: 200_000 }, config: { digests: true } }),
      backups.fresh(),
    );
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  const damaged = (name: string, damage: (file: string) => void): Taken => {
    const folder = backups.fresh();
    for (const stream of taken.manifest.streams)
      writeFileSync(join(folder, stream.name), readFileSync(join(taken.folder, stream.name)));
    damage(join(folder, name));
    return { ...taken, folder };
  };

  it('is read to the end of each stream', async () => {
    const findings = await storeOn(pg, database).readable(call(), readerOf(taken));
    expect(findings.join('\n')).toMatch(
      /^pre-data: archive of \d+ bytes read to its end by pg_restore\ndata: .*\npost-data: .*\npublic\."It's": 5000 rows in \d streams\nglobals: \d+ bytes\nroles: \d+ bytes$/,
    );
  });

  it('is not readable when an archive is cut short or rows are lost', async () => {
    const store = storeOn(pg, database);
    const cut = damaged('data', (file) => writeFileSync(file, readFileSync(file).subarray(0, -40)));
    await expect(store.readable(call(), readerOf(cut))).rejects.toMatchObject({ code: 'tool.failed' });
    const lost = damaged('copy-0001-01', (file) => appendFileSync(file, '1\tx\n'));
    await expect(store.readable(call(), readerOf(lost))).rejects.toMatchObject({ code: 'stream.corrupt' });
  });

  it('is proven by a restore into a throwaway server, which leaves nothing behind', async () => {
    const home = mkdtempSync(join(tmpdir(), 'steady-proof-'));
    const proof = call();
    const scratch = await storeOn(pg, database).scratch(proof, taken.manifest, home);
    try {
      const place = into('restored');
      await scratch.store.load(proof, readerOf(taken), place);
      const [where, ...findings] = await scratch.store.compare(proof, taken.manifest, place);
      expect(where).toMatch(/^throwaway server: PostgreSQL \d+.* on the worker$/);
      expect(findings).toEqual([
        '1 tables with 5001 rows and large objects as in the backup',
        'content digests of 1 tables and of large objects equal',
        hasExtension(pg, 'amcheck')
          ? 'pg_amcheck found nothing wrong in tables and indexes'
          : 'pg_amcheck was left out: this server has no extension amcheck',
      ]);
    } finally {
      await scratch.close();
    }
    expect(readdirSync(home)).toEqual([]);
    expect(execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' })).not.toContain(home);
    rmSync(home, { recursive: true });
  });

  it('is not proven where an extension of it is not installed', async () => {
    const detail = taken.manifest.detail as { extensions: object[] };
    const manifest = {
      ...taken.manifest,
      detail: { ...detail, extensions: [...detail.extensions, { name: 'postgis', version: '3.4' }] },
    };
    const home = backups.fresh();
    await expect(storeOn(pg, database).scratch(call(), manifest, home)).rejects.toMatchObject({
      code: 'tool.missing',
      facts: { tool: 'extension postgis' },
    });
    // This folder is closed to others, so that the server's account was given another one.
    const elsewhere = await scratchHome(home, { uid: 1, gid: 1 }, 0);
    expect(elsewhere).not.toContain(home);
    expect([existsSync(elsewhere), existsSync(join(home, 'postgres'))]).toEqual([false, false]);
  });

  it('is restored by its own shell commands and stock tools', async () => {
    const other = await startPostgres({ bin });
    try {
      const commands = storeOn(pg, database).escape(
        taken.manifest,
        (stream) => `cat '${join(taken.folder, stream)}'`,
      );
      const password = `SELECT rolpassword FROM pg_authid WHERE rolname = 'clerk'`;
      other.sql('postgres', `CREATE ROLE clerk PASSWORD 'of this server'`);
      const before = other.sql('postgres', password);
      execFileSync('sh', ['-c', commands.join('\n')], {
        env: { ...other.env(), PGCLIENTENCODING: '', PATH: `${bin}:${process.env['PATH']}` },
        stdio: 'pipe',
      });
      // A role that is there keeps its password; the others came with the backup.
      expect(other.sql('postgres', password)).toBe(before);
      const question = `SELECT count(*), sum(hashtextextended("t ext", 0)::numeric) FROM "It's"`;
      expect(other.sql(`${database}_restored`, question)).toBe(pg.sql(database, question));
      const form =
        'SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname = current_database()';
      expect(other.sql(`${database}_restored`, form)).toBe('clerk|LATIN1|C');
      expect(other.sql(`${database}_restored`, 'SELECT count(*) FROM pg_largeobject_metadata')).toBe('1');
    } finally {
      await other.stop();
    }
  });

  it('takes over encoding, locale and owner of the live database', async () => {
    const store = storeOn(pg, database);
    await restore(store, taken, { mode: 'beside', token: 'bbbbbbbb', at: '2026-11-22T02:00:00Z' });
    const form = `SELECT pg_get_userbyid(datdba), pg_encoding_to_char(encoding), datcollate FROM pg_database WHERE datname LIKE 'pro"of_new_%'`;
    expect(pg.sql('postgres', form)).toBe('clerk|LATIN1|C');
  });

  it('takes over locales of ICU and of the builtin provider', async () => {
    // Which of them there are depends on the major and on how the server was built.
    const icu =
      pg.sql('postgres', `SELECT count(*) FROM pg_collation WHERE collname = 'de-AT-x-icu'`) === '1';
    const cases = [
      ...(icu && pg.major >= 15 ? [`LOCALE_PROVIDER icu ICU_LOCALE 'de-AT'`] : []),
      ...(pg.major >= 17 ? [`LOCALE_PROVIDER builtin BUILTIN_LOCALE 'C.UTF-8' LOCALE 'C'`] : []),
    ];
    const provider = (name: string): string =>
      pg.sql(
        'postgres',
        `SELECT to_jsonb(d) - 'oid' - 'datname' - 'dathasloginevt' - 'datfrozenxid' FROM pg_database d WHERE datname = '${name}'`,
      );
    for (const [i, locale] of cases.entries()) {
      pg.sql('postgres', `CREATE DATABASE local${i} TEMPLATE template0 ${locale}`);
      const store = storeOn(pg, `local${i}`);
      await restore(store, await takeBackup(store, backups.fresh()), into(`local${i}_again`));
      expect(provider(`local${i}_again`)).toBe(provider(`local${i}`));
    }
  });
});
