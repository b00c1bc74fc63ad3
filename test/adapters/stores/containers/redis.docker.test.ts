import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { createRedisStore } from '../../../../src/adapters/stores/redis/create-redis-store.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { redisStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';
import { redisService } from '../../../services/compose.js';
import type { RedisService } from '../../../services/redis.js';
import { rawBackup } from '../files/raw-backup.js';
import { contents, seed } from '../redis/sample.js';
import { BESIDE, newCall, startContainerStack, type ContainerStack } from './stack.js';

const PASSWORD = 'päss-word';
let stack: ContainerStack;
beforeAll(async () => {
  const data = (name: string) => ({ volumes: [`${name}:/data`] });
  const services = {
    redis: { ...redisService({ password: PASSWORD }), ...data('redis') },
    valkey: { ...redisService({ password: PASSWORD, kind: 'valkey' }), ...data('valkey') },
    loose: redisService({ password: PASSWORD }),
    plain: {
      ...redisService({ password: PASSWORD }),
      ...data('plain'),
      command: ['redis', '--appendonly', 'no', '--save', '3600 1'],
    },
  };
  stack = await startContainerStack(services, { volumes: { redis: {}, valkey: {}, plain: {} } });
});
afterAll(() => stack?.close());

/** The server as the samples know one: its own client, inside the container. */
function inContainer(service: string): RedisService {
  const { name, file } = stack.project;
  const base = ['compose', '-p', name, '-f', file, 'exec', '-T', '-e', `REDISCLI_AUTH=${PASSWORD}`, service];
  const client = [...base, service === 'valkey' ? 'valkey-cli' : 'redis-cli', '--no-auth-warning'];
  return {
    cli: (...args: string[]) =>
      execFileSync('docker', [...client, ...args], {
        encoding: 'utf8',
        maxBuffer: 2 ** 28,
        input: '',
      }).replace(/\n$/, ''),
    feed: (commands: string) =>
      void execFileSync('docker', client, { input: commands, stdio: ['pipe', 'ignore', 'inherit'] }),
  } as unknown as RedisService;
}

function makeStore(service: string, password = PASSWORD): StorePort {
  return createRedisStore({
    name: 'cache',
    config: redisStoreSchema.parse({ service }),
    runtime: stack.runtime,
    service: { name: service, drainSeconds: 10 },
    keep: join(stack.project.folder, 'keep'),
    password: new Secret(password),
  });
}

describe.each([
  { service: 'redis', product: 'redis 8', appendonly: 'yes', times: 2 },
  { service: 'valkey', product: 'valkey 8', appendonly: 'yes', times: 1 },
  { service: 'plain', product: 'redis 8', appendonly: 'no', times: 1 },
])('$service in a container', ({ service, product, appendonly, times }) => {
  it(`is backed up, proven, restored, undone and released, each phase ${times === 2 ? 'twice' : 'once'}`, async () => {
    const redis = inContainer(service);
    const store = makeStore(service);
    seed(redis);
    const before = contents(redis);
    expect((await store.check(newCall())).filter((line) => line.status === 'error')).toEqual([]);

    const reader = await stack.backUp(store);
    const { manifest } = reader;
    expect(manifest.detail['factsBy']).toBe(product);
    expect(manifest.facts.counts).toEqual({ db0: 2011, db3: 1, db15: 1 });
    for (let i = 0; i < times; i++)
      expect(await store.readable(newCall(), reader)).toContain(
        'redis-check-rdb read the RDB to its end: 2016 keys',
      );

    redis.cli('FLUSHALL');
    redis.cli('SET', 'poison', 'yes');
    const preview = await store.preview(newCall(), manifest, BESIDE);
    expect(preview).toMatchObject({
      stopsStore: true,
      keptAs: expect.stringMatching(/^\/data\/.*\/steady-old-20261122-k7q2m9xd$/) as string,
    });
    for (let i = 0; i < times; i++) await store.load(newCall(), reader, BESIDE);
    expect(redis.cli('GET', 'poison')).toBe('yes');
    for (let i = 0; i < times; i++)
      expect(await store.compare(newCall(), manifest, BESIDE)).toContain('content digest equal');
    const cut = await store.cutover(newCall(), BESIDE);
    expect(cut.gapSeconds).toBeLessThan(30);
    expect(await store.cutover(newCall(), BESIDE)).toMatchObject({ notes: ['switched already'] });
    expect(contents(redis)).toBe(before);
    expect(redis.cli('CONFIG', 'GET', 'appendonly')).toBe(`appendonly\n${appendonly}`);

    // It stays there over a restart of the container, and new writes do too.
    redis.cli('SET', 'after', 'restore');
    await stack.project.compose('restart', '-t', '10', service);
    await vi.waitFor(() => expect(redis.cli('GET', 'after')).toBe('restore'), {
      timeout: 20_000,
      interval: 200,
    });

    for (let i = 0; i < times; i++)
      expect((await store.undo(newCall(), BESIDE))[0]).toMatch(/^switched back/);
    expect([redis.cli('GET', 'poison'), redis.cli('DBSIZE')]).toEqual(['yes', '1']);
    expect((await store.release(newCall(), BESIDE))[0]).toMatch(/^removed .*steady-undone/);
    expect((await store.release(newCall(), BESIDE))[0]).toMatch(/^nothing to do/);
    expect(
      await stack.project.exec(service, 'ls', '-A', `/data/${service === 'plain' ? 'redis' : service}`),
    ).not.toContain('steady');
    expect(await stack.throwaways()).toEqual([]);
  });

  it('is proven by a restore into a throwaway container of its image, also while it is stopped', async () => {
    const redis = inContainer(service);
    const store = makeStore(service);
    redis.cli('FLUSHALL');
    seed(redis, 100);
    const reader = await stack.backUp(store);
    await stack.project.compose('stop', '-t', '10', service);
    try {
      const proof = newCall();
      const scratch = await store.scratch(proof, reader.manifest, stack.project.folder);
      try {
        for (let i = 0; i < times; i++) await scratch.store.load(proof, reader, BESIDE);
        expect(await stack.throwaways()).toHaveLength(1);
        const findings = await scratch.store.compare(proof, reader.manifest, BESIDE);
        expect(findings[0]).toMatch(
          new RegExp(`^throwaway server: ${product}\\.\\S+ in a container of steadyhand-rig:1$`),
        );
        expect(findings).toContain('content digest equal');
      } finally {
        await scratch.close();
      }
      expect(await stack.throwaways()).toEqual([]);
    } finally {
      await stack.project.compose('start', service);
    }
  });
});

describe('a Redis in a container', () => {
  it('whose data lie on no volume takes them over by replication, inside its own network', async () => {
    const redis = inContainer('loose');
    const store = makeStore('loose');
    seed(redis, 100);
    const before = contents(redis);
    const reader = await stack.backUp(store);
    redis.cli('FLUSHALL');
    redis.cli('SET', 'poison', 'yes');
    const preview = await store.preview(newCall(), reader.manifest, BESIDE);
    expect(preview.notes.join()).toContain('by replication, because');
    for (let i = 0; i < 2; i++) await store.load(newCall(), reader, BESIDE);
    expect(await store.compare(newCall(), reader.manifest, BESIDE)).toContain('content digest equal');
    for (let i = 0; i < 2; i++) await store.cutover(newCall(), BESIDE);
    expect(contents(redis)).toBe(before);
    for (let i = 0; i < 2; i++) await store.undo(newCall(), BESIDE);
    expect([redis.cli('GET', 'poison'), redis.cli('DBSIZE')]).toEqual(['yes', '1']);
    for (let i = 0; i < 2; i++) await store.release(newCall(), BESIDE);
    expect(await stack.throwaways()).toEqual([]);
  });

  it('leaves nothing inside when its dump is cancelled', async () => {
    const redis = inContainer('redis');
    await vi.waitFor(() => expect(redis.cli('PING')).toBe('PONG'), { timeout: 20_000, interval: 200 });
    // A replica that connects is served only after this long: the dump waits in the middle.
    redis.cli('CONFIG', 'SET', 'repl-diskless-sync', 'yes', 'repl-diskless-sync-delay', '60');
    const stop = new AbortController();
    const call = newCall({ signal: stop.signal });
    const dump = expect(makeStore('redis').dump(call, rawBackup().writer)).rejects.toMatchObject({
      code: 'cancelled',
    });
    await vi.waitFor(
      async () => expect((await stack.marked('redis', call.marker)).join()).toContain('--rdb'),
      { timeout: 20_000, interval: 200 },
    );
    stop.abort();
    await dump;
    expect(await stack.marked('redis', call.marker)).toEqual([]);
    await vi.waitFor(() => expect(redis.cli('INFO', 'replication')).toContain('connected_slaves:0'), {
      timeout: 10_000,
      interval: 200,
    });
    redis.cli('CONFIG', 'SET', 'repl-diskless-sync-delay', '0');
  });

  it('is free of what a killed worker left, once the next attempt has begun', async () => {
    const first = newCall();
    const client = await spawnTool(
      stack.runtime.place(
        {
          argv: ['redis-cli', '--no-auth-warning', 'MONITOR'],
          secrets: { REDISCLI_AUTH: new Secret(PASSWORD) },
        },
        { service: 'redis', marker: first.marker },
      ),
    );
    await once(client.stdout, 'data');
    process.kill(client.pid, 'SIGKILL');
    await client.exited;
    expect(await stack.marked('redis', first.marker)).not.toEqual([]);
    await stack.backUp(makeStore('redis'), newCall({ markerPrefix: first.markerPrefix }));
    expect(await stack.marked('redis', first.marker)).toEqual([]);
  });

  it('refuses a wrong password, and says so', async () => {
    const store = makeStore('redis', 'wrong');
    await expect(store.dump(newCall(), rawBackup().writer)).rejects.toMatchObject({ code: 'store.denied' });
    expect((await store.check(newCall()))[0]).toMatchObject({ what: 'reach', status: 'error' });
  });

  it('whose container is stopped is not reached, with a hint', async () => {
    await stack.project.compose('stop', '-t', '5', 'redis');
    try {
      const store = makeStore('redis');
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
      await stack.project.compose('start', 'redis');
    }
  });
});
