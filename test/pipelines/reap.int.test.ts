import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { afterEach, describe, expect, it } from 'vitest';
import { checkTools } from '../../src/pipelines/check-tools.js';
import { reapMarked } from '../../src/pipelines/reap.js';
import { markedProcesses, until } from './processes.js';

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A left-over as a killed worker leaves it: nobody waits for it. */
async function leave(marker: string, script: string, detached = true): Promise<ChildProcess> {
  const argv = ['--pdeathsig', 'KILL', '--', 'sh', '-c', script];
  const child = spawn('setpriv', argv, {
    env: { ...process.env, STEADY_MARKER: marker },
    detached,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  children.push(child);
  if (child.stdout) await once(child.stdout, 'data');
  return child;
}

describe('reapMarked', () => {
  const base = `reap-${process.pid}`;

  it('ends what carries the prefix, with its group, and nothing else', async () => {
    await leave(`${base}-run1-a`, 'sleep 600 & echo ready; wait');
    await leave(`${base}-run1-b`, 'echo ready; exec sleep 600', false);
    await leave(`${base}-run2`, 'echo ready; exec sleep 600');
    expect(await reapMarked(`${base}-run1`)).toBeGreaterThanOrEqual(3);
    expect(markedProcesses(`${base}-run1-a`)).toEqual([]);
    expect(markedProcesses(`${base}-run1-b`)).toEqual([]);
    expect(markedProcesses(`${base}-run2`).length).toBe(1);
    expect(await reapMarked(`${base}-run1`)).toBe(0);
  });

  it('kills what does not hear TERM', async () => {
    await leave(`${base}-stubborn`, 'trap "" TERM; echo ready; while :; do sleep 1; done');
    await reapMarked(`${base}-stubborn`);
    await until('gone', () => markedProcesses(`${base}-stubborn`).length === 0);
  });

  it('refuses an empty prefix', async () => {
    await expect(reapMarked('')).rejects.toThrow('an empty prefix would end the tools of every run');
  });
});

describe('checkTools', () => {
  it('tells versions, and which tool is missing', async () => {
    const versions = await checkTools(['zstd', 'age']);
    expect(versions.zstd).toMatch(/^\d+\.\d+\.\d+$/);
    expect(versions.age).toMatch(/^\d+\.\d+/);
    await expect(checkTools(['zstd', 'no-such-tool'])).rejects.toMatchObject({ code: 'tool.missing' });
  });
});
