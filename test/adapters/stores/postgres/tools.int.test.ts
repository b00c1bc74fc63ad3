import { execFileSync } from 'node:child_process';
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { withoutLine } from '../../../../src/adapters/stores/postgres/restore-section.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { usualPostgres } from '../versions.js';
import { backupFolder, call, into, restore, storeOn, takeBackup } from './rig.js';

describe('client tools', () => {
  let pg: PostgresService;
  const backups = backupFolder();
  beforeAll(async () => {
    pg = await startPostgres({ bin: usualPostgres().bin });
    pg.sql('postgres', 'CREATE DATABASE tools');
    pg.sql(
      'tools',
      `CREATE TABLE t (id int PRIMARY KEY); INSERT INTO t SELECT generate_series(1, 500); SELECT lo_from_bytea(0, 'x')`,
    );
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  /** A folder of the server's own tools, some of them changed as another version would be. */
  function toolsFolder(changed: Record<string, string>): string {
    const folder = backups.fresh();
    for (const name of ['psql', 'pg_dump', 'pg_dumpall', 'pg_restore', 'pg_isready']) {
      const own = join(pg.bin, name);
      writeFileSync(join(folder, name), `#!/bin/sh\n${changed[name] ?? ''}\nexec '${own}' "$@"\n`);
      chmodSync(join(folder, name), 0o755);
    }
    return folder;
  }
  const says = (version: string): string =>
    `[ "$1" = --version ] && { echo "pg_dump (PostgreSQL) ${version}"; exit; }`;

  it('older than the server are refused with the version wanted', async () => {
    const bin = toolsFolder({ pg_dump: says('9.6.24') });
    const store = storeOn(pg, 'tools', { config: { bin } });
    await expect(takeBackup(store, backups.fresh())).rejects.toMatchObject({
      code: 'store.tool-too-old',
      facts: { found: '9.6.24', wanted: pg.major },
    });
    expect((await store.check(call()))[0]).toMatchObject({ what: 'reach', status: 'error' });
  });

  it('that are not there are named', async () => {
    const store = storeOn(pg, 'tools', { config: { bin: '/nowhere' } });
    await expect(takeBackup(store, backups.fresh())).rejects.toMatchObject({ code: 'tool.missing' });
  });

  it('newer than the server load into it, also where pg_restore sets what it does not know', async () => {
    if (pg.major >= 17) return;
    // pg_restore 17 against an older server, told apart by how it is called: it writes a script instead of connecting.
    const late = `[ "$1" = -f ] && { '${join(pg.bin, 'pg_restore')}' "$@" | sed '0,/^SET lock_timeout/s//SET transaction_timeout = 0;\\nSET lock_timeout/'; exit; }
      case "$1" in --exit-on-error) echo 'unrecognized configuration parameter "transaction_timeout"' >&2; exit 1;; esac`;
    const bin = toolsFolder({ pg_dump: says('18.0'), pg_restore: late });
    const store = storeOn(pg, 'tools', { config: { bin } });
    const taken = await takeBackup(store, backups.fresh());
    expect(await restore(store, taken, into('tools2'))).toEqual([
      '1 tables with 501 rows and large objects as in the backup',
    ]);
    expect((await store.check(call())).find((line) => line.what === 'tools')).toMatchObject({
      status: 'warning',
    });
  });

  it('lose one line of a script and nothing else', async () => {
    const through = async (parts: string[]): Promise<string> => {
      const source = Readable.from(parts.map((part) => Buffer.from(part)));
      return text(Readable.from(withoutLine(source, 'drop;\n')));
    };
    expect(await through(['a\ndr', 'op;\nb\n'])).toBe('a\nb\n');
    expect(await through(['a\n', 'b\n'])).toBe('a\nb\n');
    const rows = `${'x'.repeat(20_000)}\ndrop;\n`;
    expect(await through(['a\ndrop;\n', rows])).toBe(`a\n${rows}`);
    expect(await through([''])).toBe('');
  });

  it('get no password in their arguments', async () => {
    const seen = join(backups.fresh(), 'argv');
    const note = `tr '\\0' ' ' < /proc/$$/cmdline >> '${seen}'`;
    const bin = toolsFolder({ psql: note, pg_dump: note, pg_dumpall: note, pg_restore: note });
    const store = storeOn(pg, 'tools', { config: { bin } });
    await restore(store, await takeBackup(store, backups.fresh()), into('tools3', 'dddddddd'));
    const argv = execFileSync('cat', [seen], { encoding: 'utf8' });
    expect(argv).toContain('--snapshot');
    expect(argv).not.toContain(pg.password);
    expect(argv).not.toContain('SCRAM');
  });
});
