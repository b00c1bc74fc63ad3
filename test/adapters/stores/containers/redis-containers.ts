import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { createRedisStore } from '../../../../src/adapters/stores/redis/create-redis-store.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { redisStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { redisService } from '../../../services/compose.js';
import type { RedisService } from '../../../services/redis.js';
import { contents, seed } from '../redis/sample.js';
import { BESIDE, newCall, startContainerStack, type ContainerStack } from './stack.js';

export const PASSWORD = 'päss-word';

/** A Redis a service, for the tests of one file. */
export interface Containers {
  stack(): ContainerStack;
  /** The server as the samples know one: its own client, inside the container. */
  client(service: string): RedisService;
  store(service: string, password?: string): StorePort;
}

/** Names of services: what else than a Redis that appends to a file on a volume each of them is. */
export function redisContainers(...names: ('redis' | 'valkey' | 'loose' | 'plain')[]): Containers {
  const onVolume = (name: string) => ({ volumes: [`${name}:/data`] });
  const known = {
    redis: { ...redisService({ password: PASSWORD }), ...onVolume('redis') },
    valkey: { ...redisService({ password: PASSWORD, kind: 'valkey' }), ...onVolume('valkey') },
    loose: redisService({ password: PASSWORD }),
    plain: {
      ...redisService({ password: PASSWORD }),
      ...onVolume('plain'),
      command: ['redis', '--appendonly', 'no', '--save', '3600 1'],
    },
  };
  let stack: ContainerStack;
  beforeAll(async () => {
    const services = Object.fromEntries(names.map((name) => [name, known[name]]));
    stack = await startContainerStack(services, { volumes: { redis: {}, valkey: {}, plain: {} } });
  });
  afterAll(() => stack?.close());

  return {
    stack: () => stack,
    client: (service) => {
      const container = `${stack.project.name}-${service}-1`;
      const program = service === 'valkey' ? 'valkey-cli' : 'redis-cli';
      const client = [
        'exec',
        '-i',
        '-e',
        `REDISCLI_AUTH=${PASSWORD}`,
        container,
        program,
        '--no-auth-warning',
      ];
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
    },
    store: (service, password = PASSWORD) =>
      createRedisStore({
        name: 'cache',
        config: redisStoreSchema.parse({ service }),
        runtime: stack.runtime,
        service: { name: service, drainSeconds: 10 },
        keep: join(stack.project.folder, 'keep'),
        password: new Secret(password),
      }),
  };
}

interface Expected {
  service: string;
  product: string;
  appendonly: string;
  times: 1 | 2;
}

/** What every Redis with its data on a volume goes through, each phase so many times. */
export function describeRedis(containers: Containers, expected: Expected): void {
  const { service, product, appendonly, times } = expected;
  describe(`${service} in a container`, () => {
    it(`is backed up, proven, restored, undone and released, each phase ${times === 2 ? 'twice' : 'once'}`, async () => {
      const stack = containers.stack();
      const redis = containers.client(service);
      const store = containers.store(service);
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
      const stack = containers.stack();
      const redis = containers.client(service);
      const store = containers.store(service);
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
}
