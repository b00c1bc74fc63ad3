import { chmodSync, chownSync, copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { SteadyError } from '../../../../src/contracts/failures.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { makeAuthority, type Certificate } from '../../../services/certificates.js';
import { postgresIds, startPostgres, type PostgresService } from '../../../services/postgres.js';
import { watchTools } from '../suite/watch-tools.js';
import { usualPostgres } from '../versions.js';
import { backupFolder, beside, call, hostRuntime, readerOf, restore, storeOn, takeBackup } from './rig.js';

const PASSWORD = 'password-of-steady';
const home = mkdtempSync(join(tmpdir(), 'steady tls-'));
const trusted = makeAuthority(join(home, 'trusted'));
const stranger = makeAuthority(join(home, 'stranger'));
const server = trusted.issue('pg', 'IP:127.0.0.1,DNS:db.example.org');
const client = trusted.issue('steady');
const backups = backupFolder();
const sql = (database: string, text: string): string => pg.sql(database, text);
let pg: PostgresService;

/** The certificate that new connections get. */
function present({ cert, key }: Certificate): void {
  const owner = process.getuid?.() === 0 ? postgresIds() : undefined;
  for (const [from, name] of [
    [cert, 'server.crt'],
    [key, 'server.key'],
  ] as const) {
    const file = join(home, 'server', name);
    copyFileSync(from, file);
    chmodSync(file, 0o600);
    if (owner) chownSync(file, owner.uid, owner.gid);
  }
}

beforeAll(async () => {
  mkdirSync(join(home, 'server'));
  // The server's account has to pass through.
  for (const folder of [home, join(home, 'server'), join(home, 'trusted')]) chmodSync(folder, 0o755);
  present(server);
  const rules = join(home, 'server', 'pg_hba.conf');
  writeFileSync(
    rules,
    `hostssl all steady all scram-sha-256 clientcert=verify-full
     host all postgres 127.0.0.1/32 scram-sha-256
     host all open all trust\n`,
    { mode: 0o644 },
  );
  pg = await startPostgres({
    bin: usualPostgres().bin,
    settings: {
      hba_file: rules,
      ssl_cert_file: join(home, 'server', 'server.crt'),
      ssl_key_file: join(home, 'server', 'server.key'),
      ssl_ca_file: trusted.ca,
    },
  });
  sql('postgres', `CREATE ROLE steady SUPERUSER LOGIN PASSWORD '${PASSWORD}'; CREATE ROLE open LOGIN`);
  sql('postgres', 'CREATE DATABASE shop');
  sql(
    'shop',
    `CREATE TABLE orders (id int PRIMARY KEY, body text);
     INSERT INTO orders SELECT i, md5(i::text) FROM generate_series(1, 20000) i`,
  );
  sql('postgres', 'ALTER SYSTEM SET ssl = on');
  sql('postgres', 'SELECT pg_reload_conf()');
});
afterAll(async () => {
  await pg.stop();
  backups.remove();
  rmSync(home, { recursive: true, force: true });
});

// Before 15, libpq takes no address for a name.
const NAMED = { ca: trusted.ca, serverName: 'db.example.org' };
const TLS = { ...NAMED, verify: 'full', ...client };

function store(tls: object = TLS, given: Record<string, unknown> = {}, runtime = hostRuntime): StorePort {
  const config = { user: 'steady', tls, ...given };
  // Big enough for the table, so that COPY workers run too.
  const tuning = { bigTable: 100_000, range: 500_000 };
  return storeOn(pg, 'shop', { runtime, tuning, config, password: new Secret(PASSWORD) });
}

async function failure(work: Promise<unknown>): Promise<SteadyError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(SteadyError);
  return error as SteadyError;
}

describe('PostgreSQL by verify-full with a client certificate', () => {
  beforeAll(() => vi.waitFor(() => store().facts(call()), { timeout: 20_000, interval: 100 }));

  it('is backed up, proven and restored, with no key or password in an argument', async () => {
    const tools = watchTools(home);
    const db = store(TLS, {}, tools.runtime);
    const taken = await takeBackup(db, backups.fresh());
    const proof = await db.scratch(call(), taken.manifest, backups.fresh());
    try {
      const inProof = {
        mode: 'into' as const,
        token: 'k7q2m9xd',
        at: '2026-11-22T02:00:00Z',
        into: 'restored',
      };
      await proof.store.load(call(), readerOf(taken), inProof);
      expect((await proof.store.compare(call(), taken.manifest, inProof)).join('\n')).toContain(
        'throwaway server',
      );
    } finally {
      await proof.close();
    }
    sql('shop', 'DELETE FROM orders WHERE id > 10');
    await restore(db, taken, beside('k7q2m9xd'));
    await db.cutover(call(), beside('k7q2m9xd'));
    expect(sql('shop', 'SELECT count(*) FROM orders')).toBe('20000');
    expect(tools.seen()).toContain('"PGSSLMODE":"verify-full"');
    expect(tools.seen()).not.toContain(PASSWORD);
    expect(tools.seen()).not.toContain('PRIVATE KEY');
  });
});

describe('steady check of PostgreSQL', () => {
  it('tells certificates that end soon, and rules that let in without a password', async () => {
    const lines = await store().check(call());
    const found = lines.map(({ what, status, message }) => `${status} ${what}: ${message}`);
    expect(found).toContainEqual(
      expect.stringMatching(
        /^warning tls: the certificate of the store ends .*, our client certificate ends /,
      ),
    );
    expect(found).toContain('warning password: the server lets in without a password: open of all from all');
  });

  it('warns of a user who was let in unasked, where the rules may not be read', async () => {
    const lines = await store(NAMED, { user: 'open' }).check(call());
    // Before 16 the server does not tell; the password that was given is taken for asked.
    const told = usualPostgres().major >= 16 ? ['the server lets in without a password: this user'] : [];
    expect(lines.filter(({ what }) => what === 'password').map(({ message }) => message)).toEqual(told);
  });
});

describe('PostgreSQL that cannot be trusted fails by name', () => {
  it.each([
    [
      'a certificate of an unknown authority',
      'tls-unknown',
      { ...TLS, ca: stranger.ca },
      /unable to verify|self.signed|issuer/,
    ],
    [
      'a certificate of another name',
      'tls-name',
      { ...TLS, serverName: 'pg.example.org' },
      /does not match host name .*pg.example.org/,
    ],
    ['no client certificate', 'tls-client', NAMED, /certificate/],
    [
      'a client certificate of a stranger',
      'tls-client',
      { ...TLS, ...stranger.issue('steady') },
      /unknown ca/,
    ],
    [
      'a CA file that is not there',
      'tls-files',
      { ...TLS, ca: '/nowhere/ca.pem' },
      /nowhere\/ca.pem.* does not exist/,
    ],
  ])('%s', async (_, code, tls, says) => {
    const error = await failure(store(tls).facts(call()));
    expect([error.code, error.retryable]).toEqual([`store.${code}`, false]);
    expect(error.message).toMatch(says);
    expect(inspect(error, { depth: 9 })).not.toContain(PASSWORD);
  });

  it('takes any name where only its authority is asked for', async () => {
    await store({ ...TLS, serverName: 'pg.example.org', verify: 'ca' }).facts(call());
  });
});

describe('PostgreSQL whose TLS changes', () => {
  const fails = (code: string) =>
    vi.waitFor(async () => expect((await failure(store().facts(call()))).code).toBe(`store.${code}`), {
      timeout: 20_000,
      interval: 100,
    });
  beforeEach(() => present(server));

  it('fails by name once its certificate has expired', async () => {
    present(trusted.issue('pg', 'IP:127.0.0.1', { expired: true }));
    sql('postgres', 'SELECT pg_reload_conf()');
    await fails('tls-expired');
  });

  it('fails by name once it speaks none, instead of going on in plain', async () => {
    sql('postgres', 'ALTER SYSTEM SET ssl = off');
    sql('postgres', 'SELECT pg_reload_conf()');
    await fails('tls-none');
  });
});
