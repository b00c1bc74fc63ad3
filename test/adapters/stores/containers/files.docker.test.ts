import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createFilesStore } from '../../../../src/adapters/stores/files/index.js';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { volumeStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';
import { IMAGE } from '../../../services/docker.js';
import { rawBackup } from '../files/raw-backup.js';
import { LIST, MAKE } from '../files/sample-tree.js';
import { BESIDE, newCall, startContainerStack, type ContainerStack } from './stack.js';

let stack: ContainerStack;
beforeAll(async () => {
  stack = await startContainerStack(
    { box: { image: IMAGE, command: ['sleep', 'infinity'], init: true, volumes: ['files:/data'] } },
    { volumes: { files: {} } },
  );
  await stack.project.exec('box', 'python3', '-c', MAKE, '/data');
});
afterAll(() => stack?.close());

const tree = async (): Promise<unknown> =>
  JSON.parse(await stack.project.exec('box', 'python3', '-c', LIST, '/data'));

function makeStore(volume = `${stack.project.name}_files`): StorePort {
  const config = volumeStoreSchema.parse({ volume });
  return createFilesStore({ name: 'uploads', config, runtime: stack.runtime });
}

describe('a named volume', () => {
  it('is backed up, proven, restored, undone and released, each phase twice', async () => {
    const store = makeStore();
    const before = await tree();
    expect((await store.check(newCall())).filter((line) => line.status === 'error')).toEqual([]);
    const reader = await stack.backUp(store);
    for (let i = 0; i < 2; i++)
      expect((await store.readable(newCall(), reader))[0]).toBe('tar read the archive to its end');
    const proof = newCall();
    const scratch = await store.scratch(proof, reader.manifest, `${stack.project.folder}/proof`);
    await scratch.store.load(proof, reader, BESIDE);
    expect((await scratch.store.compare(proof, reader.manifest, BESIDE)).join()).toContain('equal');
    await scratch.close();

    await stack.project.exec('box', 'sh', '-c', 'find /data -mindepth 1 -delete; echo poison >/data/poison');
    const poisoned = await tree();
    expect((await store.preview(newCall(), reader.manifest, BESIDE)).keptAs).toBe(
      '/volume/.steady-old-20261122-k7q2m9xd',
    );
    for (let i = 0; i < 2; i++) await store.load(newCall(), reader, BESIDE);
    expect(await tree()).toEqual(poisoned);
    for (let i = 0; i < 2; i++) await store.compare(newCall(), reader.manifest, BESIDE);
    expect((await store.cutover(newCall(), BESIDE)).gapSeconds).toBeLessThan(10);
    expect(await store.cutover(newCall(), BESIDE)).toMatchObject({ notes: ['switched already'] });
    expect(await tree()).toEqual(before);
    for (let i = 0; i < 2; i++) expect((await store.undo(newCall(), BESIDE))[0]).toMatch(/^switched back/);
    expect(await tree()).toEqual(poisoned);
    for (let i = 0; i < 2; i++) await store.release(newCall(), BESIDE);
    expect(await stack.project.exec('box', 'ls', '-A', '/data')).toBe('poison\n');
    expect(await stack.throwaways()).toEqual([]);
  });

  it('has no container left of a cancelled dump, nor of a killed worker once the next attempt has begun', async () => {
    await stack.project.exec('box', 'sh', '-c', 'head -c 200000000 /dev/urandom >/data/big');
    const stop = new AbortController();
    const cancelled = newCall({ signal: stop.signal });
    const plain = rawBackup();
    const writer = {
      ...plain.writer,
      content: async (name: string, body: AsyncIterable<Buffer>) => {
        const first = body[Symbol.asyncIterator]();
        await first.next();
        stop.abort();
        for (let next = await first.next(); !next.done;) next = await first.next();
        throw new Error(`${name} was given to its end`);
      },
    };
    const dump = expect(makeStore().dump(cancelled, writer)).rejects.toMatchObject({ code: 'cancelled' });
    await dump;
    expect(await stack.throwaways()).toEqual([]);

    const first = newCall();
    const volume = `${stack.project.name}_files`;
    const loop = { argv: ['sh', '-c', 'echo up; trap : TERM; while :; do sleep 0.1; done'] as const };
    const tool = await spawnTool(stack.runtime.placeOnVolume(loop, { volume, marker: first.marker }));
    await once(tool.stdout, 'data');
    process.kill(tool.pid, 'SIGKILL');
    await tool.exited;
    expect(await stack.throwaways()).toHaveLength(1);
    await stack.project.exec('box', 'rm', '/data/big');
    await stack.backUp(makeStore(), newCall({ markerPrefix: first.markerPrefix }));
    expect(await stack.throwaways()).toEqual([]);
    plain.remove();
  });

  it('that is not there is not reached, and none is made', async () => {
    const store = makeStore('misspelled');
    await expect(store.facts(newCall())).rejects.toMatchObject({
      code: 'store.unreachable',
      message: 'cannot reach the store [volume=misspelled error="no such volume"]',
    });
    expect((await store.check(newCall()))[0]).toMatchObject({ what: 'reach', status: 'error' });
  });
});
