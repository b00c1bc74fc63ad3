import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createHostRuntime } from '../../../../src/adapters/runtimes/host/host.js';
import type { RuntimePort, ServiceHandle } from '../../../../src/adapters/runtimes/port.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';

const SERVER = join(import.meta.dirname, 'server.mjs');
const start = (mode: string, ...more: string[]) => [
  process.execPath,
  SERVER,
  String(process.pid),
  mode,
  ...more,
];

let folder: string;
let runtime: RuntimePort;
const started: ServiceHandle[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-host-'));
  runtime = createHostRuntime({ baseFolder: folder });
});
afterEach(async () => {
  for (const handle of started.splice(0))
    await runtime.stop({ ...handle, stop: undefined, drainSeconds: 0 }).catch(() => undefined);
  await rm(folder, { recursive: true });
});

const service = (given: Partial<ServiceHandle>): ServiceHandle => {
  const handle = { name: 'api', drainSeconds: 5, ...given };
  started.push(handle);
  return handle;
};
const status = async (handle: ServiceHandle) => (await runtime.state(handle)).status;
const pidOf = async (handle: ServiceHandle): Promise<number> =>
  (
    JSON.parse(await readFile(join(folder, '.steady/services', `${handle.name}.json`), 'utf8')) as {
      pid: number;
    }
  ).pid;
// An orphan that has ended may wait for init to notice.
const alive = (pid: number): boolean =>
  existsSync(`/proc/${pid}`) && !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));

describe('a service of given commands', () => {
  it('starts, runs, says its last lines, and stops by TERM', async () => {
    const api = service({ start: start('plain') });
    expect(await status(api)).toBe('unknown');
    await runtime.start(api);
    expect(await status(api)).toBe('running');
    expect(await runtime.logs(api, { lines: 10 })).toBe('to stdout\nto stderr\n');
    expect(await runtime.logs(api, { lines: 1 })).toBe('to stderr\n');
    const pid = await pidOf(api);
    await runtime.stop(api);
    expect(alive(pid)).toBe(false);
    expect(await status(api)).toBe('stopped');
  });

  it('is another instance each time it is started, and keeps the log of the one before', async () => {
    const api = service({ start: start('plain') });
    expect(await runtime.instances(api)).toMatchObject([
      { id: 'api', status: 'unknown', recorded: true, start: '' },
    ]);
    await runtime.start(api);
    const [first] = await runtime.instances(api);
    expect(first).toMatchObject({ id: 'api', status: 'running' });
    const pid = await pidOf(api);
    await runtime.restart(api, 'api');
    expect(alive(pid)).toBe(false);
    const [second] = await runtime.instances(api);
    expect(second).toMatchObject({ id: 'api', status: 'running' });
    expect(second?.start).not.toBe(first?.start);
    expect(await runtime.logs(api, { lines: 10, previous: true })).toBe('to stdout\nto stderr\n');
  });

  it('is started once and stopped once when asked twice', async () => {
    const api = service({ start: start('plain') });
    await runtime.start(api);
    const pid = await pidOf(api);
    await runtime.start(api);
    expect(await pidOf(api)).toBe(pid);
    await runtime.stop(api);
    await runtime.stop(api);
    expect(await status(api)).toBe('stopped');
  });

  it('is killed when it has not ended within its drain time', async () => {
    const api = service({ start: start('stubborn'), drainSeconds: 1 });
    await runtime.start(api);
    const pid = await pidOf(api);
    const begun = performance.now();
    await runtime.stop(api);
    expect(performance.now() - begun).toBeGreaterThan(1000);
    expect(alive(pid)).toBe(false);
  });

  it('is stopped by its stop command where it has one', async () => {
    const api = service({
      start: start('plain'),
      stop: [process.execPath, '-e', `process.kill(+require('fs').readFileSync('pid'))`],
    });
    await runtime.start(api);
    await writeFile(join(folder, 'pid'), String(await pidOf(api)));
    await runtime.stop(api);
    expect(await status(api)).toBe('stopped');
    // The command would fail now: there is nothing to stop any more.
    await runtime.stop(api);
  });

  it('is killed when its stop command hangs', async () => {
    const api = service({ start: start('plain'), stop: ['sleep', '60'], drainSeconds: 1 });
    await runtime.start(api);
    const pid = await pidOf(api);
    await runtime.stop(api);
    expect(alive(pid)).toBe(false);
  });

  it('may go to the background; it is then neither known to run nor started into an error', async () => {
    const pidFile = join(folder, 'pid');
    const stop = [process.execPath, '-e', `process.kill(+require('fs').readFileSync('${pidFile}'))`];
    const api = service({ start: start('daemon', pidFile), stop });
    await runtime.start(api);
    expect(await status(api)).toBe('unknown');
    const again = { ...api, start: start('fails') };
    await runtime.start(again);
    await runtime.stop(api);
    expect(await status(api)).toBe('stopped');
  });

  it('fails to start with its own last words', async () => {
    const api = service({ start: start('fails') });
    await expect(runtime.start(api)).rejects.toThrow(
      'a service did not start, stop or become healthy [service=api action=start exit=3 says="port 8000 is taken"]',
    );
    await expect(runtime.start(service({ start: ['no-such-program'] }))).rejects.toMatchObject({
      code: 'tool.missing',
    });
  });

  it('tells of a start command that fails after it was taken for the server', async () => {
    const gate = join(folder, 'gate');
    const script = `until [ -e '${gate}' ]; do sleep 0.05; done; echo 'no way' >&2; exit 7`;
    const api = service({ start: ['sh', '-c', script], stop: ['true'] });
    await runtime.start(api);
    expect(await runtime.state(api)).toEqual({ service: 'api', status: 'running' });
    await writeFile(gate, '');
    const failed = { service: 'api', status: 'unknown', failed: { exit: 7, says: 'no way' } };
    await vi.waitFor(async () => expect(await runtime.state(api)).toEqual(failed));
    await runtime.stop(api);
    expect(await runtime.state(api)).toEqual({ service: 'api', status: 'stopped', recorded: true });
  });

  it('is not said to be stopped when nobody knows how', async () => {
    await expect(runtime.stop(service({}))).rejects.toThrow(
      'no stop command, no unit, and it was not started from here',
    );
    await expect(runtime.start(service({}))).rejects.toThrow('no start command and no unit');
    await expect(runtime.logs(service({}), { lines: 10 })).rejects.toThrow(
      'no unit and not started from here',
    );
    await expect(runtime.stop(service({ stop: ['false'] }))).rejects.toMatchObject({
      code: 'service.failed',
    });
  });

  it('outlives the worker that started it, and the next worker knows it', async () => {
    const api = service({ start: start('plain') });
    // A worker of its own, killed the hard way once the service runs.
    const script = `
      import { createHostRuntime } from ${JSON.stringify(join(import.meta.dirname, '../../../../src/adapters/runtimes/host/host.ts'))};
      await createHostRuntime({ baseFolder: ${JSON.stringify(folder)} }).start(${JSON.stringify(api)});
      process.kill(process.pid, 'SIGKILL');`;
    const worker = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
      stdio: 'inherit',
    });
    const signal = await new Promise((resolve) => worker.once('close', (_code, how) => resolve(how)));
    expect(signal).toBe('SIGKILL');
    expect(await status(api)).toBe('running');
    const pid = await pidOf(api);
    await runtime.stop(api);
    expect(alive(pid)).toBe(false);
  });

  it('is not mistaken for another process that got its number', async () => {
    const api = service({ start: start('plain') });
    await runtime.start(api);
    const record = join(folder, '.steady/services/api.json');
    const pid = await pidOf(api);
    await runtime.stop(api);
    await writeFile(record, JSON.stringify({ last: 'started', pid: process.pid, startTicks: '1' }));
    expect(pid).not.toBe(process.pid);
    expect(await status(api)).toBe('unknown');
  });
});

describe('a tool on this host', () => {
  it('is ended by its marker', async () => {
    const marker = `steady-test-${process.pid}-`;
    const tool = await spawnTool(runtime.place({ argv: ['sleep', '60'] }, { marker: `${marker}1` }));
    const other = await spawnTool(runtime.place({ argv: ['sleep', '60'] }, { marker: `another-${marker}1` }));
    await runtime.endMarked({ marker });
    expect((await tool.exited).signal).toBe('SIGTERM');
    expect(alive(other.pid)).toBe(true);
    await other.end();
    await vi.waitFor(() => expect(alive(other.pid)).toBe(false));
  });
});
