import { once } from 'node:events';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { createPostgresStore } from '../../../../src/adapters/stores/postgres/create-postgres-store.js';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { postgresStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';
import { postgresService } from '../../../services/compose.js';
import { rawBackup } from '../files/raw-backup.js';
import { BESIDE, newCall, startContainerStack, type ContainerStack } from './stack.js';

const PASSWORD = 'pässword, with "odd" signs';
let stack: ContainerStack;
beforeAll(async () => {
  stack = await startContainerStack({
    db: postgresService({ user: 'app', password: PASSWORD, database: 'shop' }),
  });
  await sql(`CREATE ROLE clerk LOGIN PASSWORD 'secret'`);
});
afterAll(() => stack?.close());
beforeEach(async () => {
  await sql(`DROP TABLE IF EXISTS orders, customers;
    SELECT lo_unlink(oid) FROM pg_largeobject_metadata;
    CREATE TABLE orders (id int PRIMARY KEY, note text);
    INSERT INTO orders SELECT g, (SELECT string_agg(md5(g::text || i), '') FROM generate_series(1, 20) i) FROM generate_series(1, 40000) g;
    CREATE TABLE customers AS SELECT g AS id, 'customer ' || g AS name FROM generate_series(1, 1000) g;
    GRANT SELECT ON customers TO clerk;
    SELECT lo_from_bytea(4711, decode(repeat('ab', 100000), 'hex'));`);
});

const sql = async (text: string, database = 'shop'): Promise<string> =>
  (
    await stack.project.exec(
      'db',
      'psql',
      '-U',
      'app',
      '-d',
      database,
      '-XqAt',
      '-v',
      'ON_ERROR_STOP=1',
      '-c',
      text,
    )
  ).trim();
const digest = (database = 'shop'): Promise<string> =>
  sql(
    "SELECT count(*) || md5(string_agg(md5(o::text), '' ORDER BY id)) || (SELECT md5(string_agg(c::text, '' ORDER BY id)) FROM customers c) || md5(lo_get(4711)) FROM orders o",
    database,
  );

function makeStore(given: Record<string, unknown> = {}, password = PASSWORD): StorePort {
  const config = postgresStoreSchema.parse({
    service: 'db',
    database: 'shop',
    user: 'app',
    lockTimeout: '5s',
    digests: true,
    ...given,
  });
  return createPostgresStore({
    name: 'db',
    config,
    runtime: stack.runtime,
    password: new Secret(password),
    tuning: { bigTable: 8 * 2 ** 20, range: 8 * 2 ** 20 },
  });
}

describe('a database in a container', () => {
  it('is backed up, proven, restored, undone and released, each phase twice', async () => {
    const store = makeStore();
    const before = await digest();
    expect((await store.check(newCall())).filter((line) => line.status !== 'ok')).toEqual([]);
    const reader = await stack.backUp(store);
    expect(reader.manifest.server).toMatchObject({ product: 'PostgreSQL', major: 17 });
    expect(reader.manifest.facts.counts).toMatchObject({ 'public.orders': 40_000, 'public.customers': 1000 });
    expect(reader.manifest.streams.some((stream) => stream.name.startsWith('copy-'))).toBe(true);
    for (let i = 0; i < 2; i++)
      expect((await store.readable(newCall(), reader)).join('\n')).toContain('public.orders: 40000 rows');

    await sql(
      "DELETE FROM orders WHERE id > 100; DROP TABLE customers; INSERT INTO orders VALUES (-1, 'poison')",
    );
    const preview = await store.preview(newCall(), reader.manifest, BESIDE);
    expect(preview.live?.facts).toBeDefined();
    for (let i = 0; i < 2; i++) await store.load(newCall(), reader, BESIDE);
    for (let i = 0; i < 2; i++)
      expect((await store.compare(newCall(), reader.manifest, BESIDE)).join('\n')).toContain(
        'content digests of',
      );
    expect(await sql('SELECT count(*) FROM orders')).toBe('101');
    const cut = await store.cutover(newCall(), BESIDE);
    expect(cut.gapSeconds).toBeLessThan(5);
    await store.cutover(newCall(), BESIDE);
    expect(await digest()).toBe(before);
    for (let i = 0; i < 2; i++) await store.undo(newCall(), BESIDE);
    expect(await sql('SELECT count(*) FROM orders')).toBe('101');
    for (let i = 0; i < 2; i++) await store.release(newCall(), BESIDE);
    expect(
      await sql("SELECT string_agg(datname, ',' ORDER BY 1) FROM pg_database WHERE datname LIKE 'shop%'"),
    ).toBe('shop');
    expect(await stack.throwaways()).toEqual([]);
  });

  it('is proven by a restore into a throwaway container of its image, also while it is stopped', async () => {
    const store = makeStore();
    const reader = await stack.backUp(store);
    const proof = newCall();
    await stack.project.compose('stop', '-t', '5', 'db');
    try {
      expect((await store.readable(newCall(), reader)).join('\n')).toContain('public.orders: 40000 rows');
      const scratch = await store.scratch(proof, reader.manifest, stack.project.folder);
      try {
        expect(await stack.throwaways()).toHaveLength(1);
        await scratch.store.load(proof, reader, BESIDE);
        const findings = await scratch.store.compare(proof, reader.manifest, BESIDE);
        expect(findings[0]).toMatch(
          /^throwaway server: PostgreSQL 17\.\d+ .* in a container of steadyhand-rig:1$/,
        );
        expect(findings.slice(1)).toEqual([
          '2 tables with 41001 rows and large objects as in the backup',
          'content digests of 2 tables and of large objects equal',
          'pg_amcheck found nothing wrong in tables and indexes',
        ]);
      } finally {
        await scratch.close();
      }
      expect(await stack.throwaways()).toEqual([]);
    } finally {
      await stack.project.compose('start', 'db');
      await vi.waitFor(() => sql('SELECT 1'), { timeout: 30_000, interval: 200 });
    }
  });

  it('leaves nothing behind when its dump is cancelled', async () => {
    const stop = new AbortController();
    const call = newCall({ signal: stop.signal });
    // Another session's lock keeps the dump in the middle.
    const holder = stack.project.exec(
      'db',
      'psql',
      '-U',
      'app',
      '-d',
      'shop',
      '-XqAt',
      '-c',
      'BEGIN; LOCK customers; SELECT pg_sleep(60)',
    );
    const settled = holder.catch(() => undefined);
    await vi.waitFor(async () => expect(await backends('pg_sleep')).not.toBe('0'), { timeout: 20_000 });
    const store = makeStore({ lockTimeout: '50s' });
    const dump = expect(stack.backUp(store, call)).rejects.toMatchObject({ code: 'cancelled' });
    await vi.waitFor(async () => expect(await mine(call.marker)).not.toBe('0'), { timeout: 20_000 });
    stop.abort();
    await dump;
    await vi.waitFor(async () => expect(await mine(call.marker)).toBe('0'), { timeout: 10_000 });
    expect(await stack.marked('db', call.marker)).toEqual([]);
    await sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE '%pg_sleep%' AND pid <> pg_backend_pid()",
    );
    await settled;
  });

  it('is free of what a killed worker left, once the next attempt has begun', async () => {
    const first = newCall();
    const client = await spawnTool(
      stack.runtime.place(
        {
          argv: [
            'psql',
            '-XqAt',
            '-c',
            "SELECT 'up'",
            '-c',
            'BEGIN',
            '-c',
            'LOCK customers',
            '-c',
            'SELECT pg_sleep(600)',
          ],
          env: { PGUSER: 'app', PGDATABASE: 'shop', PGAPPNAME: first.marker },
        },
        { service: 'db', marker: first.marker },
      ),
    );
    await once(client.stdout, 'data');
    process.kill(client.pid, 'SIGKILL');
    await client.exited;
    expect(await mine(first.marker)).toBe('1');
    expect(await stack.marked('db', first.marker)).not.toEqual([]);
    const second = newCall({ markerPrefix: first.markerPrefix });
    const reader = await stack.backUp(makeStore(), second);
    expect(reader.manifest.facts.counts).toMatchObject({ 'public.customers': 1000 });
    expect(await mine(first.marker)).toBe('0');
    expect(await stack.marked('db', first.marker)).toEqual([]);
  });

  it('refuses a wrong password, and says so', async () => {
    const store = makeStore({ host: '127.0.0.1' }, 'wrong');
    await expect(store.dump(newCall(), rawBackup().writer)).rejects.toMatchObject({ code: 'store.denied' });
    const [line] = await store.check(newCall());
    expect(line).toMatchObject({ what: 'reach', status: 'error' });
    expect(JSON.stringify(line)).not.toContain('wrong"');
  });

  it('whose container is stopped is not reached, with a hint', async () => {
    await stack.project.compose('stop', '-t', '5', 'db');
    try {
      const store = makeStore();
      await expect(store.facts(newCall())).rejects.toMatchObject({
        code: 'store.unreachable',
        message: expect.stringContaining('is not running') as string,
      });
      const [line] = await store.check(newCall());
      expect(line).toMatchObject({
        what: 'reach',
        status: 'error',
        hint: expect.stringMatching(/\S/) as string,
      });
    } finally {
      await stack.project.compose('start', 'db');
      await vi.waitFor(() => sql('SELECT 1'), { timeout: 30_000, interval: 200 });
    }
  });
});

const backends = (query: string): Promise<string> =>
  sql(`SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%${query}%' AND pid <> pg_backend_pid()`);
const mine = (marker: string): Promise<string> =>
  sql(`SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE '${marker}%'`);
