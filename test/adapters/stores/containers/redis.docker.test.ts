import { once } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../../src/contracts/secret.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';
import { rawBackup } from '../files/raw-backup.js';
import { contents, seed } from '../redis/sample.js';
import { describeRedis, PASSWORD, redisContainers } from './redis-containers.js';
import { BESIDE, newCall } from './stack.js';

const containers = redisContainers('redis', 'loose');
describeRedis(containers, { service: 'redis', product: 'redis 8', appendonly: 'yes', times: 2 });

describe('a Redis in a container', () => {
  it('whose data lie on no volume takes them over by replication, inside its own network', async () => {
    const stack = containers.stack();
    const redis = containers.client('loose');
    const store = containers.store('loose');
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
    const stack = containers.stack();
    const redis = containers.client('redis');
    await vi.waitFor(() => expect(redis.cli('PING')).toBe('PONG'), { timeout: 20_000, interval: 200 });
    // A replica that connects is served only after this long: the dump waits in the middle.
    redis.cli('CONFIG', 'SET', 'repl-diskless-sync', 'yes', 'repl-diskless-sync-delay', '60');
    const stop = new AbortController();
    const call = newCall({ signal: stop.signal });
    const dump = expect(containers.store('redis').dump(call, rawBackup().writer)).rejects.toMatchObject({
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
    const stack = containers.stack();
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
    await stack.backUp(containers.store('redis'), newCall({ markerPrefix: first.markerPrefix }));
    expect(await stack.marked('redis', first.marker)).toEqual([]);
  });

  it('refuses a wrong password, and says so', async () => {
    const store = containers.store('redis', 'wrong');
    await expect(store.dump(newCall(), rawBackup().writer)).rejects.toMatchObject({ code: 'store.denied' });
    expect((await store.check(newCall()))[0]).toMatchObject({ what: 'reach', status: 'error' });
  });

  it('whose container is stopped is not reached, with a hint', async () => {
    const stack = containers.stack();
    await stack.project.compose('stop', '-t', '5', 'redis');
    try {
      const store = containers.store('redis');
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
