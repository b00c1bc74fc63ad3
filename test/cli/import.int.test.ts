import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createShop, type ShopStack } from './rig/stack.js';

const SHOP = `
  CREATE ROLE "the clerk" LOGIN;
  ALTER TABLE orders OWNER TO "the clerk";
  CREATE INDEX ON orders (token);
  CREATE TABLE notes (id int, body text);
  INSERT INTO notes VALUES (1, E'GRANT ALL ON x TO nobody;\\n\\\\connect shop'), (2, 'ü');
  CREATE FUNCTION last_note() RETURNS text LANGUAGE sql AS $$ SELECT body FROM notes ORDER BY id DESC LIMIT 1 $$;
  GRANT SELECT ON notes TO "the clerk";`;
/** Content, owners and rights, whatever the order of rows. */
const CONTENTS = `
  SELECT 'orders', count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM orders t;
  SELECT 'notes', count(*), md5(string_agg(t::text, ',' ORDER BY id)) FROM notes t;
  SELECT relname, relowner::regrole, relacl FROM pg_class WHERE relname IN ('orders', 'notes', 'orders_token_idx') ORDER BY 1;
  SELECT last_note(), datcollate FROM pg_database WHERE datname = current_database();`;
const HOUR = 3_600_000;

let shop: ShopStack;
let old: string;
beforeAll(async () => {
  shop = await createShop({ encrypted: true });
  const { folder, file, postgres } = shop;
  postgres.sql('shop', SHOP);
  mkdirSync(join(folder, 'data', 'uploads', 'deep'), { recursive: true });
  const data = join(folder, 'data', 'uploads');
  writeFileSync(join(data, 'deep', `${'long '.repeat(30)}.txt`), 'kept', { mode: 0o640 });
  writeFileSync(join(data, 'a.bin'), Buffer.alloc(200_000, 7));
  symlinkSync('a.bin', join(data, 'link'));
  old = join(folder, 'old dumps');
  mkdirSync(old);
  const text = file.text
    .replace('\nplans:', '\n  uploads: { files: { path: data/uploads } }\nplans:')
    .replace('approvals:\n  restore: { from: operator }\n', '');
  file.write(text);
  await shop.up.start();
}, 180_000);
afterAll(() => shop.close());

/** As the jobs write them that were there before steadyhand. */
function sh(line: string): string {
  const { postgres, redis } = shop;
  const path = `${postgres.bin}:${redis.bin}:${process.env['PATH']}`;
  const env = { ...postgres.env('shop'), PATH: path };
  const argv = ['-e', '-o', 'pipefail', '-c', line];
  return execFileSync('bash', argv, { cwd: old, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}
const contents = (database: string): string => shop.postgres.sql(database, CONTENTS);
const sha256 = (file: string): string =>
  createHash('sha256')
    .update(readFileSync(join(old, file)))
    .digest('hex');

interface ImportedLine {
  backupId: string;
  takenAt: string;
  timeFrom: string;
  already: boolean;
}
async function imported(...args: string[]): Promise<ImportedLine> {
  return (await shop.json('backup', 'import', ...args)).imported[0] as ImportedLine;
}
describe('an old dump of PostgreSQL', () => {
  const live = (): string => contents('shop');

  it('of `pg_dump | gzip` is listed as imported, counts for nothing, and is proven, restored beside and cut over', async () => {
    const good = live();
    sh('pg_dump -U postgres shop | gzip > postgres_2025-12-24.sql.gz');
    const file = join(old, 'postgres_2025-12-24.sql.gz');
    utimesSync(file, new Date('2025-12-24T01:02:03Z'), new Date('2025-12-24T01:02:03Z'));
    const { stdout, code } = await shop.steady('backup', 'import', 'db', file);
    expect([code, stdout]).toEqual([
      0,
      expect.stringContaining('data of 2025-12-24 01:02:03Z, by when the file was written'),
    ]);
    const id = /20251224T010203Z-\w{8}/.exec(stdout)?.[0] ?? '';
    expect(stdout).toContain(
      `It counts for nothing until it is proven:\n  steady backup verify ${id} --depth restored\n`,
    );
    expect((await shop.steady('backup', 'list', 'db')).stdout).toMatch(
      /not proven +imported from postgres_2025-12-24\.sql\.gz\n/,
    );
    const [standing] = (await shop.steady('--json', 'status')).json.stores;
    expect(standing).toMatchObject({ store: 'db', backups: 1, ok: false });
    expect(standing.newestVerified).toBeUndefined();
    const manifest = await shop.json('backup', 'show', id);
    expect(manifest.imported).toMatchObject({
      sha256: sha256('postgres_2025-12-24.sql.gz'),
      timeFrom: 'file',
    });
    expect(manifest.recipients).toHaveLength(2);

    const { proofs } = await shop.json('backup', 'verify', id, '--depth', 'restored');
    expect(proofs[0].findings).toContainEqual(
      expect.stringMatching(/^compared with what .*postgres_2025-12-24\.sql\.gz held when it was imported/),
    );
    expect(proofs[0].findings).toContainEqual(expect.stringContaining('2 tables with 2002 rows'));

    shop.postgres.sql('shop', 'DELETE FROM orders; DROP TABLE notes CASCADE');
    await shop.json('restore', id, '--store', 'db');
    expect(live()).toBe(good);
  }, 120_000);

  it('of `pg_dump -F c`, gzipped, is restored into a database of its own; its time is that in its name', async () => {
    const good = live();
    sh('pg_dump -U postgres -F c -f backup_20240101_020000.dump shop && gzip backup_20240101_020000.dump');
    const one = await imported('db', join(old, 'backup_20240101_020000.dump.gz'));
    expect(one).toMatchObject({ takenAt: '2024-01-01T02:00:00.000Z', timeFrom: 'name', already: false });
    await shop.json('backup', 'verify', one.backupId);
    await shop.json('restore', one.backupId, '--store', 'db', '--into', 'shop_old');
    expect(contents('shop_old')).toBe(good);
    const again = await imported('db', join(old, 'backup_20240101_020000.dump.gz'));
    expect(again).toMatchObject({ backupId: one.backupId, already: true });
  }, 120_000);

  it('is refused, with nothing stored, when it is empty, cut off, of something else, or writes elsewhere', async () => {
    sh(
      `pg_dump -U postgres shop | gzip > whole.sql.gz; gzip -dc whole.sql.gz > cut.sql; cp whole.sql.gz cut.sql.gz`,
    );
    truncateSync(join(old, 'cut.sql.gz'), 9000);
    truncateSync(join(old, 'cut.sql'), 60_000);
    // The dump failed, and gzip was content with nothing.
    sh('set +o pipefail; pg_dump -U postgres no_such 2> /dev/null | gzip > empty.sql.gz');
    sh(
      `pg_dump -U postgres -C shop | sed 's/DATABASE shop/DATABASE other/; s/connect shop/connect other/' > creates.sql`,
    );
    sh('pg_dumpall -U postgres --no-role-passwords > all.sql; tar cf some.tar whole.sql.gz');
    sh('pg_dump -U postgres -F c shop > whole.dump; head -c 30000 whole.dump > cut.dump');
    const files = ['none.sql', 'cut.sql.gz', 'cut.sql', 'empty.sql.gz', 'creates.sql', 'all.sql', 'some.tar'];
    const ran = await shop.steady(
      'backup',
      'import',
      'db',
      ...[...files, 'cut.dump'].map((one) => join(old, one)),
    );
    expect(ran.code).toBe(1);
    const said = (file: string): string | undefined =>
      ran.stdout.split('\n').find((line) => line.includes(`${file}"`) && !line.includes('imported='));
    expect(said('none.sql')).toMatch(/no such file on the host of the worker .* host=\S+ error=ENOENT/);
    expect(said('cut.sql.gz')).toMatch(/the dump is damaged .*unexpected end of file/);
    expect(said('cut.sql')).toMatch(/the dump is damaged .*its last words are missing/);
    expect(said('empty.sql.gz')).toMatch(/the dump is damaged .*it is empty/);
    expect(said('creates.sql')).toMatch(/the dump cannot be taken in .*makes databases of its own.*: other/);
    expect(said('all.sql')).toMatch(/the dump cannot be taken in .*pg_dumpall/);
    expect(said('some.tar')).toMatch(/the dump cannot be taken in .*found=tar .*pg_dump -Fc/);
    expect(said('cut.dump')).toMatch(/the dump cannot be taken in .*pg_restore.*end of file/);
    expect((await shop.json('backup', 'list', 'db')).backups).toHaveLength(2);
  }, 120_000);
});

describe('an old dump of Redis', () => {
  it('of `redis-cli --rdb` has the time of its data from within, and is restored into a new folder', async () => {
    shop.redis.feed('SET spare yes\nSET soon gone PX 100000000\n');
    sh(`redis-cli -p ${shop.redis.port} --rdb redis_2025-12-24.rdb`);
    const one = await imported('cache', join(old, 'redis_2025-12-24.rdb'));
    expect(one.timeFrom).toBe('dump');
    expect(Math.abs(Date.now() - Date.parse(one.takenAt))).toBeLessThan(HOUR);
    const { proofs } = await shop.json('backup', 'verify', one.backupId, '--depth', 'restored');
    expect(proofs[0].findings).toContainEqual('content digest equal');
    shop.redis.feed('SET greeting spoilt\n');
    await shop.json('restore', one.backupId, '--store', 'cache');
    expect(shop.redis.cli('MGET', 'greeting', 'spare', 'answer').split('\n')).toEqual(['hello', 'yes', '42']);
  }, 120_000);

  it('is refused when it is cut off, or is a dump of another store', async () => {
    const rdb = readFileSync(join(old, 'redis_2025-12-24.rdb'));
    writeFileSync(join(old, 'cut.rdb'), rdb.subarray(0, rdb.length - 20));
    const bad = Buffer.from(rdb);
    bad.write('XX', rdb.indexOf('hello'));
    writeFileSync(join(old, 'bad.rdb'), bad);
    const { json } = await shop.steady(
      ...['--json', 'backup', 'import', 'cache'],
      ...['cut.rdb', 'bad.rdb', 'whole.sql.gz'].map((name) => join(old, name)),
    );
    expect(json.error.message).toMatch(/cut\.rdb.*the RDB has no end/);
    expect(json.error.message).toMatch(/bad\.rdb.*RDB CRC error/);
    expect(json.error.message).toMatch(/whole\.sql\.gz.*pg_dump, plain SQL/);
  }, 60_000);
});

describe('an old archive of a folder', () => {
  const tree = (folder: string): string =>
    sh(
      `cd "${folder}" && find . -printf '%p %y %m %U:%G %s %l\\n' | sort; find . -type f -exec sha256sum {} + | sort`,
    ).toString();

  it('of `tar czf` from above the folder is restored into a new one, equal in content, modes and owners', async () => {
    const live = join(shop.folder, 'data', 'uploads');
    sh(`tar -czf uploads-20240101.tar.gz -C '${shop.folder}' data/uploads/`);
    const one = await imported('uploads', join(old, 'uploads-20240101.tar.gz'));
    // Written today, so its name is that of a copy.
    expect(one).toMatchObject({ takenAt: '2024-01-01T23:59:59.999Z', timeFrom: 'name' });
    expect((await shop.json('backup', 'show', one.backupId)).notes).toContain(
      'of the archive, data/uploads/ is the folder',
    );
    await shop.json('backup', 'verify', one.backupId, '--depth', 'restored');
    const into = join(shop.folder, 'restored');
    await shop.json('restore', one.backupId, '--store', 'uploads', '--into', into);
    expect(tree(into)).toBe(tree(live));
  }, 60_000);

  it('has to be told which folder in it is meant where that is not plain', async () => {
    sh(`tar -czf other.tar.gz -C '${shop.folder}' --transform 's,^data/uploads,srv/media,' data/uploads`);
    const file = join(old, 'other.tar.gz');
    const { json } = await shop.steady('--json', 'backup', 'import', 'uploads', file);
    expect([json.error.code, json.error.message]).toEqual([
      'import.refused',
      expect.stringContaining('--inside srv/media, or --inside . for all of it'),
    ]);
    const at = '2024-02-03T04:05:06Z';
    const one = await imported('uploads', file, '--inside', 'srv/media', '--at', at);
    expect(one.backupId).toMatch(/^20240203T040506Z-/);
    expect(one.timeFrom).toBe('given');
  }, 60_000);
});
