import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { supervise, type Supervised } from '../../../src/cli/embedded/supervise.js';

let folder: string;
let running: Supervised | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steady-supervise-'));
});
afterEach(async () => {
  await running?.stop(0);
  rmSync(folder, { recursive: true, force: true });
});

/** Supervises a shell that says a word and stays; gives what was heard. */
function watched(place: { readonly cwd?: string; readonly logFile?: string }): {
  readonly started: number[];
  readonly ended: string[];
} {
  const heard = { started: [] as number[], ended: [] as string[] };
  running = supervise({
    argv: ['/bin/sh', '-c', 'echo here; exec sleep 600'],
    env: process.env,
    cwd: folder,
    logFile: join(folder, 'log'),
    ...place,
    onStart: (pid) => heard.started.push(pid),
    onEnd: (how) => heard.ended.push(how),
  });
  return heard;
}

const runs = (pid: number | undefined): boolean => existsSync(`/proc/${pid}`);

describe('a process that is kept running', () => {
  it('is started again when it ends', async () => {
    const { started, ended } = watched({});
    process.kill(started[0] ?? 0, 'SIGKILL');
    await vi.waitFor(() => expect(started).toHaveLength(2), 10_000);
    expect([ended, runs(started[1])]).toEqual([['SIGKILL'], true]);
  });

  it('is tried again when it cannot be started, each failure told once', async () => {
    const cwd = join(folder, 'gone');
    const { started, ended } = watched({ cwd });
    await vi.waitFor(() => expect(ended.length).toBeGreaterThanOrEqual(2), 10_000);
    expect(started).toEqual([]);
    mkdirSync(cwd);
    await vi.waitFor(() => expect(started).toHaveLength(1), 10_000);
    // The pause doubles from 200 ms: more lines than that would be two a failure.
    expect(ended.length).toBeLessThanOrEqual(5);
    expect(new Set(ended)).toEqual(new Set([expect.stringMatching(/^not started: spawn \S+ ENOENT$/)]));
    expect(runs(started[0])).toBe(true);
  });

  it('is tried again when its log cannot be opened', async () => {
    const logFile = join(folder, 'log');
    mkdirSync(logFile);
    const { started, ended } = watched({ logFile });
    await vi.waitFor(() => expect(ended.length).toBeGreaterThanOrEqual(2), 10_000);
    expect(ended[0]).toMatch(/^not started: EISDIR: .*log'$/);
    rmdirSync(logFile);
    await vi.waitFor(() => expect(readFileSync(logFile, 'utf8')).toBe('here\n'), 10_000);
    expect(started).toHaveLength(1);
  });

  it('is not tried again once it was stopped', async () => {
    const { ended } = watched({ cwd: join(folder, 'gone') });
    await vi.waitFor(() => expect(ended).toHaveLength(1), 10_000);
    await running?.stop(0);
    mkdirSync(join(folder, 'gone'));
    await expect(
      vi.waitUntil(() => running?.pid() !== undefined, { timeout: 1000, interval: 20 }),
    ).rejects.toThrow();
  });
});
