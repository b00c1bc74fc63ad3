import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../../../src/contracts/secret.js';
import type { PostgresService } from '../../../services/postgres.js';
import { startContainer, type Container } from '../../../services/docker.js';
import { allPostgres } from '../versions.js';
import { backupFolder, beside, call, into, restore, storeOn, takeBackup } from './rig.js';

const PASSWORD = 'pw-of-the-server';

/** The builds that `scripts/setup` fetches have no ICU; the image's PostgreSQL does. It is asked over TCP here. */
describe('a database of an ICU locale with rules of its own', () => {
  const tools = allPostgres().find(({ major }) => major >= 17);
  const backups = backupFolder();
  let server: Container;
  beforeAll(async () => {
    if (!tools) throw new Error('no client tools of PostgreSQL 17 or newer: run ./scripts/setup --for test');
    server = await startContainer({
      command: ['postgres'],
      env: { POSTGRES_PASSWORD: PASSWORD },
      ports: [5432],
      ready: ['/usr/lib/postgresql/17/bin/pg_isready', '-q', '-h', '127.0.0.1', '-U', 'postgres'],
    });
    await sql(
      'postgres',
      `CREATE DATABASE local TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'de-AT' ICU_RULES '&a < g' LOCALE 'C'`,
    );
    await sql('local', `CREATE TABLE t AS SELECT unnest(ARRAY['z', 'b', 'g', 'a', 'Ä']) AS name`);
  });
  afterAll(async () => {
    await server?.close();
    backups.remove();
  });

  const sql = async (database: string, text: string): Promise<string> => {
    const argv = ['psql', '-U', 'postgres', '-d', database, '-XqAt', '-v', 'ON_ERROR_STOP=1', '-c', text];
    return (await server.exec(...argv)).trim();
  };
  const form = (database: string): Promise<string> =>
    sql(
      'postgres',
      `SELECT to_jsonb(d) - '{oid,datname,datfrozenxid,datallowconn}'::text[] FROM pg_database d WHERE datname = '${database}'`,
    );

  it('is made again as it was, also by the lines of the manifest', async () => {
    const place = {
      host: '127.0.0.1' as const,
      port: server.port(5432),
      user: 'postgres',
      bin: tools?.bin ?? '',
    };
    const store = storeOn(place as PostgresService, 'local', { password: new Secret(PASSWORD) });
    const taken = await takeBackup(store, backups.fresh());
    await restore(store, taken, into('again'));
    expect(await form('again')).toBe(await form('local'));
    const sorted = 'SELECT string_agg(name, $$$$ ORDER BY name) FROM t';
    expect(await sql('again', sorted)).toBe('aÄgbz');
    await restore(store, taken, beside('besidexx'));
    expect(await form('local_new_besidexx')).toBe(await form('local'));
    await store.undo(call(), beside('besidexx'));

    const lines = store.escape(taken.manifest, () => 'cat');
    const createdb = lines.find((line) => line.startsWith('createdb'));
    await server.exec('bash', '-c', `PGUSER=postgres ${createdb}`);
    expect(await form('local_restored')).toBe(await form('local'));
  });
});
