import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createHostRuntime } from '../../../../src/adapters/runtimes/host/host.js';
import type { BackupReader, RestorePlace, StorePort } from '../../../../src/adapters/stores/port.js';
import { createFilesStore } from '../../../../src/adapters/stores/files/index.js';
import { volumeStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { createStreamReader } from '../../../../src/pipelines/stream-reader.js';
import { createStreamWriter } from '../../../../src/pipelines/stream-writer.js';
import { memoryObjects } from '../../../pipelines/memory-objects.js';
import { startRedis } from '../../../services/redis.js';
import { contents, makeStore, seed } from '../redis/sample.js';
import { rawBackup, testCall } from './raw-backup.js';
import { listTree, makeTree } from './sample-tree.js';

const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };
const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A backup by the real pipelines: compressed, in pieces of 1 MiB. */
async function throughPipelines(kind: string, store: StorePort): Promise<BackupReader> {
  const storage = memoryObjects();
  const keyOf = (name: string): string => `data/x/${name}`;
  const writer = createStreamWriter({
    backupId: 'b',
    sink: storage,
    keyOf,
    pieceLimit: 2 ** 20,
    recipients: [],
    stallSeconds: 30,
  });
  const plain = rawBackup();
  const manifest = plain.manifest(kind, await store.dump(testCall(), writer));
  plain.remove();
  return {
    manifest,
    ...createStreamReader({ source: storage, streams: manifest.streams, encrypted: false, stallSeconds: 30 }),
  };
}

describe('stores on the real pipelines', () => {
  it('bring files there and back', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'steady-files-'));
    cleanups.push(() => rmSync(folder, { recursive: true, force: true }));
    const live = join(folder, 'data');
    makeTree(live);
    const before = listTree(live);
    const runtime = createHostRuntime({ baseFolder: folder });
    const store = createFilesStore({
      name: 'uploads',
      config: volumeStoreSchema.parse({ path: live }),
      runtime,
    });
    const reader = await throughPipelines('files', store);
    expect(reader.manifest.streams[0]?.pieces.length).toBeGreaterThan(1);
    await store.readable(testCall(), reader);
    await store.load(testCall(), reader, PLACE);
    await store.compare(testCall(), reader.manifest, PLACE);
    await store.cutover(testCall(), PLACE);
    expect(listTree(live)).toEqual(before);
  });

  it('bring a Redis there and back', async () => {
    const redis = await startRedis({ appendonly: true, config: ['repl-diskless-sync-delay 0'] });
    const { store, remove } = makeStore(redis);
    cleanups.push(() => redis.stop(), remove);
    seed(redis);
    const before = contents(redis);
    const reader = await throughPipelines('redis', store);
    await store.readable(testCall(), reader);
    redis.cli('FLUSHALL');
    await store.load(testCall(), reader, PLACE);
    await store.compare(testCall(), reader.manifest, PLACE);
    await store.cutover(testCall(), PLACE);
    expect(contents(redis)).toBe(before);
  });
});
