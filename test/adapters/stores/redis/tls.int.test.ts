import { chmodSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RestorePlace } from '../../../../src/adapters/stores/port.js';
import { createAsk } from '../../../../src/adapters/stores/redis/cli.js';
import { SteadyError } from '../../../../src/contracts/failures.js';
import { tlsSchema } from '../../../../src/contracts/stack/tls.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { onThisHost } from '../../../../src/adapters/runtimes/on-this-host.js';
import { makeAuthority } from '../../../services/certificates.js';
import { redisServers, startRedis, type RedisService } from '../../../services/redis.js';
import { rawBackup, testCall } from '../files/raw-backup.js';
import { contents, makeStore, seed, type Made } from './sample.js';

const PASSWORD = 'password-of-the-cache';
const home = mkdtempSync(join(tmpdir(), 'steady tls-'));
const trusted = makeAuthority(join(home, 'trusted'));
const stranger = makeAuthority(join(home, 'stranger'));
const client = trusted.issue('steady');
const expired = trusted.issue('cache', 'IP:127.0.0.1', { expired: true });
const made: Made[] = [];
let redis: RedisService;
let plain: RedisService;

beforeAll(async () => {
  // The server's account has to pass through.
  for (const folder of [home, join(home, 'trusted')]) chmodSync(folder, 0o755);
  chmodSync(expired.key, 0o644);
  const server = trusted.issue('cache', 'IP:127.0.0.1,DNS:cache.example.org');
  const config = ['repl-diskless-sync-delay 0'];
  redis = await startRedis({ password: PASSWORD, config, tls: { ca: trusted.ca, ...server } });
  plain = await startRedis();
});
afterAll(async () => {
  for (const { remove } of made) remove();
  await redis.stop();
  await plain.stop();
  rmSync(home, { recursive: true, force: true });
});

const TLS = { ca: trusted.ca, ...client };

function store(tls: object = TLS, { port = redis.port, onlyPort = false } = {}): Made {
  const config = { port, tls: tlsSchema.parse(tls) };
  made.push(makeStore(redis, { password: PASSWORD, config, onlyPort }));
  return made.at(-1) as Made;
}

async function failure(work: Promise<unknown>): Promise<SteadyError> {
  const error = await work.then(
    () => undefined,
    (caught: unknown) => caught,
  );
  expect(error).toBeInstanceOf(SteadyError);
  expect(inspect(error, { depth: 9 })).not.toContain(PASSWORD);
  return error as SteadyError;
}

const tunnels = (): string[] => readdirSync(tmpdir()).filter((name) => name.startsWith('steady-tmp-tls-'));

describe('Redis by TLS with a client certificate', () => {
  const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };

  /** A backup, and other data since. */
  async function backUp({ store: cache }: Made) {
    redis.cli('FLUSHALL');
    seed(redis, 200);
    const before = contents(redis);
    const backup = rawBackup();
    const manifest = backup.manifest('redis', await cache.dump(testCall(), backup.writer));
    redis.cli('FLUSHALL');
    redis.cli('SET', 'poison', 'yes');
    return { before, backup, manifest, reader: backup.reader(manifest) };
  }

  it('is backed up, proven and restored by files', async () => {
    const made = store();
    const { before, manifest, reader, backup } = await backUp(made);
    const proof = await made.store.scratch(testCall(), manifest, join(home, 'proof'));
    await proof.store.load(testCall(), reader, PLACE);
    await proof.store.compare(testCall(), manifest, PLACE);
    await proof.close();
    await made.store.load(testCall(), reader, PLACE);
    await made.store.compare(testCall(), manifest, PLACE);
    await made.store.cutover(testCall(), PLACE);
    expect(contents(redis)).toBe(before);
    expect(tunnels()).toEqual([]);
    backup.remove();
  });

  it('is restored by replication, and replicates by TLS again afterwards', async () => {
    const made = store(TLS, { onlyPort: true });
    const { before, reader, backup } = await backUp(made);
    const settings = () => ['tls-replication', 'masterauth'].map((name) => redis.cli('CONFIG', 'GET', name));
    await made.store.load(testCall(), reader, PLACE);
    await made.store.cutover(testCall(), PLACE);
    expect([contents(redis), ...settings()]).toEqual([before, 'tls-replication\nyes', 'masterauth\n']);
    await made.store.undo(testCall(), PLACE, { finished: true });
    expect([redis.cli('GET', 'poison'), ...settings()]).toEqual([
      'yes',
      'tls-replication\nyes',
      'masterauth\n',
    ]);
    backup.remove();
  });
});

describe('steady check', () => {
  const lines = async (made: Made) =>
    (await made.store.check(testCall())).map(({ what, status, message }) => `${status} ${what}: ${message}`);

  it('tells certificates that end soon', async () => {
    const found = await lines(store());
    const day = String.raw`ends \d{4}-\d\d-\d\d`;
    expect(found).toContainEqual(
      expect.stringMatching(
        `warning tls: the certificate of the store ${day}, our client certificate ${day}`,
      ),
    );
    expect(found.filter((line) => line.includes(' password: '))).toEqual([]);
  });
});

describe('a Redis that cannot be trusted fails by name', () => {
  it.each([
    ['a certificate of an unknown authority', 'tls-unknown', { ...TLS, ca: stranger.ca }],
    ['a certificate of another name', 'tls-name', { ...TLS, serverName: 'other.example.org' }],
    ['no client certificate', 'tls-client', { ca: trusted.ca }],
    ['a client certificate of a stranger', 'tls-client', { ...TLS, ...stranger.issue('steady') }],
    ['a key of another certificate', 'tls-files', { ...TLS, key: expired.key }],
    ['a CA file that is not there', 'tls-files', { ...TLS, ca: '/nowhere/ca.pem' }],
  ])('%s', async (_, code, tls) => {
    const error = await failure(store(tls).store.facts(testCall()));
    expect([error.code, error.retryable, error.message]).toEqual([
      `store.${code}`,
      false,
      expect.any(String),
    ]);
  });

  it('takes the name that the certificate has, and any where only its authority is asked for', async () => {
    await store({ ...TLS, serverName: 'cache.example.org' }).store.facts(testCall());
    await store({ ...TLS, serverName: 'other.example.org', verify: 'ca' }).store.facts(testCall());
  });

  it('also when it speaks no TLS', async () => {
    const error = await failure(store(TLS, { port: plain.port }).store.facts(testCall()));
    expect(error.code).toBe('store.tls-none');
  });
});

describe('redis-cli itself, as it is run inside the container of a service', () => {
  const ask = (tls: object) => {
    const at = {
      host: '127.0.0.1',
      port: redis.port,
      password: new Secret(PASSWORD),
      tls: tlsSchema.parse(tls),
    };
    const place = (tool: Parameters<typeof onThisHost>[0]) =>
      onThisHost(tool, { marker: 'steady:test:tls', cwd: home });
    return createAsk((redisServers()[0] ?? '').replace(/-server$/, '-cli'), at, place)(['PING']);
  };

  it('speaks TLS, and fails by name', async () => {
    expect(await ask(TLS)).toBe('PONG');
    const failures = [
      await failure(ask({ ...TLS, ca: stranger.ca })),
      await failure(ask({ ca: trusted.ca })),
      await failure(ask({ ...TLS, ca: '/nowhere/ca.pem' })),
    ];
    const codes = failures.map(({ code }) => code);
    expect(failures[1]?.hint).toContain('It may want a client certificate');
    expect(codes).toEqual(['store.tls-unknown', 'store.unreachable', 'store.tls-files']);
  });
});

describe('a Redis whose certificate has expired', () => {
  it('fails by name', async () => {
    redis.cli('CONFIG', 'SET', 'tls-cert-file', expired.cert, 'tls-key-file', expired.key);
    expect((await failure(store().store.facts(testCall()))).code).toBe('store.tls-expired');
  });
});
