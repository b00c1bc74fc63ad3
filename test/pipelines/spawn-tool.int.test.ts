import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../src/contracts/secret.js';
import { runTool } from '../../src/pipelines/run-tool.js';
import { spawnTool } from '../../src/pipelines/spawn-tool.js';
import { markedProcesses, until } from './processes.js';

describe('a tool', () => {
  it('that is not installed is missing, by name, by path and on its own PATH', async () => {
    const missing = { code: 'tool.missing' };
    await expect(spawnTool({ label: 'x', argv: ['no-such-program'] })).rejects.toMatchObject(missing);
    await expect(spawnTool({ label: 'x', argv: ['/no/such/program'] })).rejects.toMatchObject(missing);
    await expect(spawnTool({ label: 'x', argv: ['cat'], env: { PATH: '/nowhere' } })).rejects.toMatchObject(
      missing,
    );
    await expect(runTool({ label: 'x', argv: ['cat'], cwd: '/nowhere' })).rejects.toMatchObject({
      message: 'a tool failed [tool=x error="no such folder" folder=/nowhere]',
    });
  });

  it('dies with the process that started it, also when that one is killed', async () => {
    const marker = `spawn-orphan-${process.pid}`;
    const module = join(import.meta.dirname, '../../src/pipelines/spawn-tool.ts');
    const script = `const { spawnTool } = await import(${JSON.stringify(module)});
      await spawnTool({ label: 'sleep', argv: ['sleep', '600'], env: { STEADY_MARKER: '${marker}' } });
      setInterval(() => undefined, 1000);`;
    const parent = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    try {
      await until('the tool runs', () => markedProcesses(marker).length === 1, 20_000);
    } finally {
      parent.kill('SIGKILL');
    }
    await until('the tool is gone', () => markedProcesses(marker).length === 0);
  });

  it('is as nice as it is told to be, with all that it starts', async () => {
    const look = ['sh', '-c', 'read go; nice; cat /proc/self/autogroup 2>/dev/null || true'] as const;
    const nicenessOf = async (niceness?: number) => {
      const { stdout } = await runTool({ label: 'sh', argv: look, niceness }, { input: 'go\n' });
      return stdout
        .trim()
        .split('\n')
        .map((line) => Number(line.split(' ').at(-1)));
    };
    const own = await nicenessOf();
    expect(await nicenessOf(15)).toEqual(own.map(() => 15));
    expect(own.every((one) => one < 15)).toBe(true);
  });

  it('that ignores TERM is killed with its group after the grace', async () => {
    const marker = `spawn-stubborn-${process.pid}`;
    const script = 'trap "" TERM; sleep 600 & echo ready; wait; wait';
    const running = await spawnTool({
      label: 'sh',
      argv: ['sh', '-c', script],
      env: { STEADY_MARKER: marker },
    });
    await new Promise((resolve) => running.stdout.once('data', resolve));
    expect(markedProcesses(marker).length).toBe(2);
    await running.end(0.2);
    expect((await running.exited).signal).toBe('SIGKILL');
    // The signal has gone to the whole group; the kernel ends one after another.
    await until('all of it is gone', () => markedProcesses(marker).length === 0);
  });

  it('keeps no piece of a secret that the limit of its last words cuts', async () => {
    const secret = 'S'.repeat(2) + 'ecret-'.repeat(4000);
    const tool = {
      label: 'sh',
      argv: ['sh', '-c', 'printf %s "$TOKEN" >&2; head -c 6000 /dev/zero | tr "\\0" x >&2'] as const,
      secrets: { TOKEN: new Secret(secret) },
    };
    const running = await spawnTool(tool);
    await running.exited;
    expect(running.lastWords()).not.toContain('ecret-ecret');
    expect(running.lastWords()).toMatch(/x{6000}$/);
  });

  it('over its limit is ended inside its container before the answer comes', async () => {
    let ended = 0;
    const tool = {
      label: 'sleep',
      argv: ['sleep', '600'] as const,
      endInside: async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        ended++;
      },
    };
    await expect(runTool(tool, { limitSeconds: 0.2 })).rejects.toMatchObject({ code: 'stream.stalled' });
    expect(ended).toBe(2);
  });
});
