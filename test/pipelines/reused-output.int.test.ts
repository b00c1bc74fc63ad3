import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, it, vi } from 'vitest';
import { spawnTool, type RunningTool } from '../../src/pipelines/spawn-tool.js';

const start = async (script: string): Promise<RunningTool> => {
  const running = await spawnTool({ label: 'sh', argv: ['sh', '-c', script] }, { reuseOutput: true });
  running.stdin.end();
  return running;
};
const readAll = async ({ chunks }: RunningTool) => {
  const hash = createHash('sha256');
  const memories = new Set<ArrayBufferLike>();
  let bytes = 0;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
    memories.add(next.value.buffer);
    bytes += next.value.length;
    hash.update(next.value);
    // Time in which more comes, which must not be where this chunk still is.
    if (bytes < 2 ** 20) await sleep(1);
  }
  return { bytes, memories: memories.size, sha256: hash.digest('hex') };
};

let folder: string | undefined;
afterEach(async () => {
  vi.unstubAllEnvs();
  if (folder) await rm(folder, { recursive: true, force: true });
});

it('gives all of a tool’s output in one and the same memory', async () => {
  const running = await start(`head -c 30000000 /dev/zero | tr '\\0' 'x'`);
  const sha256 = createHash('sha256').update(Buffer.alloc(30_000_000, 'x')).digest('hex');
  expect(await readAll(running)).toEqual({ bytes: 30_000_000, memories: 1, sha256 });
  expect(await running.exited).toEqual({ code: 0, signal: null });
});

it('keeps what a tool said that has long ended, and takes none for an error', async () => {
  const silent = await start('exit 3');
  const brief = await start('printf all');
  expect(await Promise.all([silent.exited, brief.exited])).toMatchObject([{ code: 3 }, { code: 0 }]);
  await sleep(50);
  expect(await readAll(brief)).toMatchObject({ bytes: 3 });
  expect(await readAll(silent)).toMatchObject({ bytes: 0 });
});

it('refuses whoever waits for bytes when the tool is ended', async () => {
  const running = await start('printf one; sleep 60');
  expect((await running.chunks.next()).value?.toString()).toBe('one');
  const waiting = running.chunks.next();
  await Promise.all([expect(waiting).rejects.toThrow('the output was closed'), running.end(1)]);
});

it('comes the ordinary way where no socket can be made, and leaves none behind', async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-test-'));
  vi.stubEnv('TMPDIR', folder);
  expect(await readAll(await start('printf here'))).toMatchObject({ bytes: 4 });
  expect(await readdir(folder)).toEqual([]);
  vi.stubEnv('TMPDIR', join(folder, 'not-there'));
  expect(await readAll(await start('printf there'))).toMatchObject({ bytes: 5 });
});

it('gives back what it took where the tool cannot be started', async () => {
  const sockets = (): number => process.getActiveResourcesInfo().filter((one) => one === 'PipeWrap').length;
  const before = sockets();
  for (const script of ['no \0 in an argument', `: ${'x'.repeat(200_000)}`])
    await expect(start(script)).rejects.toMatchObject({ code: 'tool.failed' });
  await vi.waitFor(() => expect(sockets()).toBe(before));
});
