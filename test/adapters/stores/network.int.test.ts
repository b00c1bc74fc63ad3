import { afterEach, describe, expect, it } from 'vitest';
import type { CheckLine } from '../../../src/adapters/stores/port.js';
import { startPostgres } from '../../services/postgres.js';
import { startRedis, type StartRedisOptions } from '../../services/redis.js';
import { testCall } from './files/raw-backup.js';
import { call, storeOn } from './postgres/rig.js';
import { makeStore } from './redis/sample.js';
import { someRedis, usualPostgres } from './versions.js';

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

const ofNetwork = (lines: readonly CheckLine[]): string[] =>
  lines.filter(({ what }) => what === 'network').map(({ status, message }) => `${status} ${message}`);
const listens = (where: string): string =>
  `warning its server listens at ${where} without TLS: who is on the way can read and change the data and the password`;

async function postgres(addresses: string): Promise<string[]> {
  const { bin } = usualPostgres();
  const pg = await startPostgres({ bin, settings: { listen_addresses: addresses } });
  cleanups.push(() => pg.stop());
  return ofNetwork(await storeOn(pg, 'postgres').check(call()));
}

async function redis(config: string, options: StartRedisOptions = {}): Promise<string[]> {
  const server = await startRedis({ ...options, config: config.split('\n') });
  cleanups.push(() => server.stop());
  const made = makeStore(server, { ...(options.password && { password: options.password }) });
  cleanups.push(made.remove);
  return ofNetwork(await made.store.check(testCall()));
}

describe('steady check of a server on this host', () => {
  it('warns of a PostgreSQL that listens on all addresses without TLS', async () => {
    expect(await postgres('*')).toEqual([listens('0.0.0.0')]);
    expect(await postgres('127.0.0.1')).toEqual([]);
  });

  it.each(someRedis())('warns of $title that listens on all addresses without TLS', async () => {
    const password = 'of the cache';
    expect(await redis('bind * -::*', { password })).toEqual([listens('0.0.0.0')]);
    expect(await redis('bind 127.0.0.1 -::1', { password })).toEqual([]);
    // Protected mode lets nobody in by a network who shows no password.
    expect(await redis('bind 0.0.0.0')).toEqual([]);
    expect(await redis('bind 0.0.0.0\nprotected-mode no')).toEqual([listens('0.0.0.0')]);
  });
});
