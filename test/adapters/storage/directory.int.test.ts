import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createDirectoryStorage } from '../../../src/adapters/storage/directory/directory.js';
import { onTmpfs } from '../../services/on-tmpfs.js';
import { all, body, digestOf } from './bodies.js';
import { killDuringPut } from './killed-put.js';
import { storageSuite } from './suite.js';

const run = promisify(execFile);
let root: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'steady-directory-'));
});
afterAll(async () => {
  await rm(root, { recursive: true, force: true });
});

describe('directory storage', () => {
  storageSuite(async () => {
    await mkdir(join(root, 'suite'));
    return createDirectoryStorage({ root: join(root, 'suite'), stack: 'demo' });
  });

  it('keeps objects as plain files that only their owner reads', async () => {
    const storage = createDirectoryStorage({ root, stack: 'demo' });
    await storage.put('data/db/a.zst', body(100));
    const path = join(root, 'demo/data/db/a.zst');
    expect(await readFile(path)).toEqual(Buffer.concat(await all(body(100))));
    expect((await stat(path)).mode & 0o777).toBe(0o600);
    expect((await stat(join(root, 'demo'))).mode & 0o777).toBe(0o700);
    expect(storage.location).toBe(join(root, 'demo'));
  });

  it('gives a shell command that prints the object, whatever its name', async () => {
    const storage = createDirectoryStorage({ root, stack: 'demo' });
    const key = `it's $HOME/"a" \`b\` & c`;
    await storage.put(key, body(1000));
    const { stdout } = await run('sh', ['-c', storage.shellCat(key)], { encoding: 'buffer' });
    expect(await digestOf(body(1000))).toBe(
      await digestOf(
        (async function* () {
          yield stdout;
        })(),
      ),
    );
  });

  it('never makes the root: an unmounted disk is noticed', async () => {
    const missing = join(root, 'not-mounted');
    const storage = createDirectoryStorage({ root: missing, stack: 'demo' });
    const says = `cannot reach storage [storage=${missing} says="the folder does not exist: is its disk mounted? It is not created"]`;
    await expect(storage.put('a', body(1))).rejects.toMatchObject({
      code: 'storage.unreachable',
      message: says,
    });
    await expect(storage.create('a', Buffer.from('x'))).rejects.toMatchObject({ message: says });
    await expect(storage.get('a')).rejects.toMatchObject({ message: says });
    await expect(storage.read('a')).rejects.toMatchObject({ message: says });
    await expect(storage.head('a')).rejects.toMatchObject({ message: says });
    await expect(storage.delete('a')).rejects.toMatchObject({ message: says });
    await expect(storage.free()).rejects.toMatchObject({ message: says });
    await expect(all(storage.list(''))).rejects.toMatchObject({ message: says });
    await expect(all(storage.unfinished(''))).rejects.toMatchObject({ message: says });
    await expect(stat(missing)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('refuses a root that is a file', async () => {
    await writeFile(join(root, 'file'), '');
    const storage = createDirectoryStorage({ root: join(root, 'file'), stack: 'demo' });
    await expect(storage.put('a', body(1))).rejects.toMatchObject({ code: 'storage.unreachable' });
  });

  it('lists nothing of a stack that has no folder yet', async () => {
    const storage = createDirectoryStorage({ root, stack: 'new' });
    expect(await all(storage.list(''))).toEqual([]);
    expect(await storage.read('stack.json')).toBeUndefined();
  });

  it('tells the free bytes', async () => {
    expect(await createDirectoryStorage({ root, stack: 'demo' }).free()).toBeGreaterThan(0);
  });

  it('leaves no empty folders behind a delete, and no temporary files', async () => {
    const storage = createDirectoryStorage({ root, stack: 'tidy' });
    await storage.put('data/db/1/x', body(1));
    await storage.delete('data/db/1/x');
    expect(await readdir(join(root, 'tidy'))).toEqual(['.incoming']);
    expect(await readdir(join(root, 'tidy/.incoming'))).toEqual([]);
  });

  it('puts and deletes side by side in folders that come and go', async () => {
    const storage = createDirectoryStorage({ root, stack: 'busy' });
    const putAndDelete = async (worker: number): Promise<void> => {
      for (let i = 0; i < 40; i++) {
        await storage.put(`deep/er/still/${worker}`, body(10));
        await storage.delete(`deep/er/still/${worker}`);
      }
    };
    await Promise.all([1, 2, 3, 4].map(putAndDelete));
    expect(await all(storage.list(''))).toEqual([]);
  });

  it('says full when the disk is full, leaves nothing, and goes on when there is room', async () => {
    const disk = join(root, 'small-disk');
    await mkdir(disk);
    const script = fileURLToPath(new URL('fill-disk.ts', import.meta.url));
    const [program, ...args] = onTmpfs(
      [process.execPath, '--import', 'tsx', script, disk],
      disk,
      8 * 2 ** 20,
    );
    const { stdout } = await run(program as string, args);
    const seen = JSON.parse(stdout) as { freeBefore: number; freeAfter: number };
    expect(seen).toMatchObject({
      code: 'storage.full',
      keys: ['before'],
      unfinished: [],
      fitsAgain: 2 ** 20,
    });
    expect(seen.freeAfter).toBeGreaterThan(seen.freeBefore - 65_536);
  });

  it('leaves of a killed put only what unfinished lists, and abortUnfinished removes it', async () => {
    const storage = createDirectoryStorage({ root, stack: 'demo' });
    const key = 'data/db/20261122T020000Z-k7q2m9xd/it is big.zst';
    await killDuringPut({ key, directory: root });
    expect(await storage.head(key)).toBeUndefined();
    expect((await all(storage.list(''))).map((object) => object.key)).not.toContain(key);
    expect(await all(storage.unfinished('data/other/'))).toEqual([]);
    const [upload, ...more] = await all(storage.unfinished('data/db/'));
    expect(more).toEqual([]);
    expect(upload?.key).toBe(key);
    await storage.abortUnfinished(upload as never);
    expect(await all(storage.unfinished(''))).toEqual([]);
    expect(await readdir(join(root, 'demo/.incoming'))).toEqual([]);
  });

  it('lists an upload whose process died as it began, or was removed, so that a sweep finds its folder', async () => {
    const storage = createDirectoryStorage({ root, stack: 'bare' });
    const id = '1795312800000-0011223344556677';
    await mkdir(join(root, 'bare/.incoming', id), { recursive: true });
    expect(await all(storage.unfinished('data/'))).toEqual([]);
    const [upload] = await all(storage.unfinished(''));
    expect(upload).toEqual({ key: `.incoming/${id}`, id, startedAt: new Date(1_795_312_800_000) });
    await storage.abortUnfinished(upload as never);
    expect(await readdir(join(root, 'bare/.incoming'))).toEqual([]);
  });

  it('lists an upload whose process died before it had its file', async () => {
    const storage = createDirectoryStorage({ root, stack: 'early' });
    await mkdir(join(root, 'early/.incoming/1795312800000-0011223344556677/data/db'), { recursive: true });
    const [upload] = await all(storage.unfinished('data/'));
    expect(upload).toMatchObject({ key: 'data/db', startedAt: new Date(1_795_312_800_000) });
    await storage.abortUnfinished(upload as never);
    expect(await readdir(join(root, 'early/.incoming'))).toEqual([]);
  });

  it('never takes an upload id for a path', async () => {
    const storage = createDirectoryStorage({ root, stack: 'demo' });
    const upload = { key: 'a', id: '../..', startedAt: new Date() };
    await expect(storage.abortUnfinished(upload)).rejects.toMatchObject({ code: 'storage.key-illegal' });
  });

  it('says that it cannot be written when the disk is mounted read-only', async () => {
    const disk = join(root, 'read-only-disk');
    await mkdir(disk);
    const script = fileURLToPath(new URL('put-one.ts', import.meta.url));
    const readOnly = ['sh', '-c', 'mount -o remount,ro "$0" && exec "$@"', disk];
    const putOne = [...readOnly, process.execPath, '--import', 'tsx', script, disk];
    const [program, ...args] = onTmpfs(putOne, disk, 2 ** 20);
    expect((await run(program as string, args)).stdout).toBe('storage.unwritable');
  });
});
