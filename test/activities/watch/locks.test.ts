import { describe, expect, it } from 'vitest';
import { brokenLocks } from '../../../src/activities/watch/promises.js';
import { createMemoryStorage } from '../../../src/adapters/storage/memory.js';
import { keys } from '../../../src/contracts/keys.js';
import { stackSchema } from '../../../src/contracts/stack/stack.js';

const stack = stackSchema.parse({
  version: 1,
  stack: 'shop',
  storage: {
    main: { s3: { bucket: 'backups', region: 'eu-1' } },
    lock: { mode: 'compliance', for: '10d' },
  },
  stores: { db: { postgres: { database: 'shop', user: 'me' } } },
});
const NOW = new Date('2026-11-23T08:00:00Z');
const ENDED = '20261101T020000Z-aaaaaaaa';
const LOCKED = '20261102T020000Z-bbbbbbbb';
const BARE = '20261103T020000Z-cccccccc';

describe('the watch over locks', () => {
  it('tells of kept backups whose lock has ended, and of those that retention cannot decide about', async () => {
    const storage = createMemoryStorage({ locks: true });
    const text = Buffer.from('a manifest that nobody can read is no reason to let go of the others');
    const hour = 3_600_000;
    await storage.lock?.create(keys.manifest('db', ENDED), text, new Date(NOW.getTime() - hour));
    await storage.lock?.create(keys.manifest('db', LOCKED), text, new Date(NOW.getTime() + hour));
    await storage.create(keys.manifest('db', BARE), text);
    expect(await brokenLocks(storage, stack, NOW)).toEqual([
      {
        key: 'lock.db',
        event: 'rpo',
        title: 'db has backups that are kept and not locked as asked',
        lines: [`${ENDED} is not locked since 2026-11-23T07:00:00.000Z`, `${BARE} is not locked`],
        next: ['steady status', 'steady backup prune db'],
      },
    ]);
  });

  it('says nothing where all is locked, or nothing can be', async () => {
    const locking = createMemoryStorage({ locks: true });
    const tomorrow = new Date(NOW.getTime() + 86_400_000);
    await locking.lock?.create(keys.manifest('db', LOCKED), Buffer.from('{}'), tomorrow);
    expect(await brokenLocks(locking, stack, NOW)).toEqual([]);
    const plain = createMemoryStorage();
    await plain.create(keys.manifest('db', BARE), Buffer.from('{}'));
    expect(await brokenLocks(plain, stack, NOW)).toEqual([]);
  });
});
