import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeLeftOvers, withScratchFolder } from '../../../src/adapters/stores/scratch-folder.js';
import { newCall } from './suite/bench.js';

let base: string;
beforeEach(() => {
  base = join(mkdtempSync(join(tmpdir(), 'steady-base-')), 'scratch');
});
afterEach(() => rmSync(join(base, '..'), { recursive: true, force: true }));

/** What a worker leaves that is killed. */
function leftOver(name = 'steady-tmp-redis-0123456789-abcdef'): string {
  const folder = join(base, name);
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'dump.rdb'), 'data');
  return folder;
}

it('a scratch folder is private, and gone when the work is done or has failed', async () => {
  const folder = await withScratchFolder(
    'redis',
    newCall(),
    (made) => {
      expect(statSync(made).mode & 0o777).toBe(0o700);
      writeFileSync(join(made, 'dump.rdb'), 'data');
      return Promise.resolve(made);
    },
    base,
  );
  expect(folder.startsWith(`${base}/steady-tmp-redis-`)).toBe(true);
  const failing = withScratchFolder('redis', newCall(), () => Promise.reject(new Error('failed')), base);
  await expect(failing).rejects.toThrow('failed');
  expect(readdirSync(base)).toEqual([]);
});

it('what a dead worker left is removed, what a living one uses is not', async () => {
  const used = leftOver('steady-tmp-redis-0123456789-inuse0');
  const dead = leftOver();
  const foreign = leftOver('steady-tmp-of-somebody-else');
  const script = 'exec 3<"$0"; flock --exclusive 3; echo locked; exec sleep 1000';
  const worker = spawn('bash', ['-c', script, used], { stdio: ['ignore', 'pipe', 'inherit'] });
  await once(worker.stdout, 'data');
  try {
    await withScratchFolder(
      'redis',
      newCall(),
      async (own) => {
        expect(existsSync(dead)).toBe(false);
        // As another worker does when it starts.
        await removeLeftOvers(base);
        expect([existsSync(own), existsSync(used), existsSync(foreign)]).toEqual([true, true, true]);
      },
      base,
    );
  } finally {
    worker.kill('SIGKILL');
    await once(worker, 'close');
  }
  await removeLeftOvers(base);
  expect(readdirSync(base)).toEqual(['steady-tmp-of-somebody-else']);
});

it('many attempts at the same time do not take each other’s folders for left-overs', async () => {
  leftOver();
  const all = Array.from({ length: 12 }, () =>
    withScratchFolder(
      'redis',
      newCall(),
      async (folder) => {
        writeFileSync(join(folder, 'dump.rdb'), 'data');
        await removeLeftOvers(base);
        return existsSync(join(folder, 'dump.rdb'));
      },
      base,
    ),
  );
  expect(await Promise.all(all)).toEqual(all.map(() => true));
  expect(readdirSync(base)).toEqual([]);
});
