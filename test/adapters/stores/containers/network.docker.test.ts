import { afterAll, beforeAll, expect, it } from 'vitest';
import { createPostgresStore } from '../../../../src/adapters/stores/postgres/create-postgres-store.js';
import { createRedisStore } from '../../../../src/adapters/stores/redis/create-redis-store.js';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { postgresStoreSchema, redisStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { postgresService, redisService } from '../../../services/compose.js';
import { newCall, startContainerStack, type ContainerStack } from './stack.js';

const PASSWORD = 'of-the-stores';
const database = postgresService({ user: 'app', password: PASSWORD, database: 'shop' });
const cache = redisService({ password: PASSWORD });
let stack: ContainerStack;
beforeAll(async () => {
  stack = await startContainerStack({
    // As compose files have it most often; the port of the host is drawn, for others run beside.
    db: { ...database, ports: ['5432'] },
    cache: { ...cache, ports: ['0.0.0.0::6379'] },
    closed: cache,
  });
});
afterAll(() => stack?.close());

const postgres = (service: string): StorePort =>
  createPostgresStore({
    name: 'db',
    config: postgresStoreSchema.parse({ service, database: 'shop', user: 'app' }),
    runtime: stack.runtime,
    password: new Secret(PASSWORD),
  });
const redis = (service: string): StorePort =>
  createRedisStore({
    name: 'cache',
    config: redisStoreSchema.parse({ service }),
    runtime: stack.runtime,
    service: { name: service, drainSeconds: 10 },
    password: new Secret(PASSWORD),
  });
const ofNetwork = async (store: StorePort): Promise<string[]> =>
  (await store.check(newCall())).flatMap(({ what, message }) => (what === 'network' ? [message] : []));

it('warns of a store whose port is published to everybody, and of no other', async () => {
  expect(await ofNetwork(postgres('db'))).toEqual([
    expect.stringMatching(/^port 5432 of its container is published at 0\.0\.0\.0:\d+.* without TLS: /),
  ]);
  expect(await ofNetwork(redis('cache'))).toEqual([
    expect.stringMatching(/^port 6379 of its container is published at 0\.0\.0\.0:\d+ without TLS: /),
  ]);
  expect(await ofNetwork(redis('closed'))).toEqual([]);
});
