import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createComposeRuntime } from '../../../../src/adapters/runtimes/compose/compose.js';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { runTool } from '../../../../src/pipelines/run-tool.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';
import { startStack, type TestStack } from './stack.js';

let stack: TestStack;
let runtime: RuntimePort;
let image: string;
beforeAll(async () => {
  image = `steady-test-${randomBytes(4).toString('hex')}:1`;
  const services = (name: string): string =>
    `services: { box: { image: '${name}', command: sleep infinity, init: true, volumes: ['files:/data'] } }\nvolumes: { files: }\n`;
  // An image that declares a volume, as those of databases do.
  const first = await startStack(services('steadyhand-rig:1'));
  const id = (await first.compose('ps', '-q', 'box')).trim();
  await first.docker('commit', '-c', 'VOLUME /declared', id, image);
  await first.close();
  stack = await startStack(services(image));
  runtime = createComposeRuntime({
    config: { tool: 'docker', files: ['stack.yml'], project: stack.project },
    baseFolder: stack.folder,
  });
});
afterAll(async () => {
  await stack.close();
  await stack.docker('rmi', '-f', image).catch(() => undefined);
});

const newMarker = (): string => `steady-test-${randomBytes(4).toString('hex')}-`;
const sh = (script: string) => ({ argv: ['bash', '-c', script] as const });
const containers = async (marker: string): Promise<string[]> =>
  (await stack.docker('ps', '-a', '--format', '{{.Names}}'))
    .split('\n')
    .filter((name) => name.includes(marker));
/** Volumes that only the containers of a marker have. */
const volumesOf = async (marker: string): Promise<string[]> => {
  const own = '{{range .Mounts}}{{if eq .Destination "/declared"}}{{.Name}}{{end}}{{end}}';
  const names = await containers(marker);
  return (await stack.docker('inspect', '-f', own, ...names)).split('\n').filter(Boolean);
};
/** Those of the volumes that are still there. */
const left = async (volumes: readonly string[]): Promise<string[]> =>
  (await stack.docker('volume', 'ls', '-q')).split('\n').filter((name) => volumes.includes(name));

describe('a throwaway container', () => {
  it('runs tools one after another, as the user asked for, with secrets by name only', async () => {
    const marker = newMarker();
    const container = await runtime.openThrowaway({ of: { service: 'box' }, marker });
    const declared = await volumesOf(marker);
    expect(declared).toHaveLength(1);
    expect(container.label).toBe(`a container of ${image}`);
    const tool = {
      ...sh('id -u; echo "$SECRET" >/tmp/kept; ls /sys/class/net'),
      secrets: { SECRET: new Secret('hunter22') },
    };
    expect(container.place(tool).argv.join(' ')).not.toContain('hunter22');
    expect((await runTool(container.place(tool, { user: '65534:65534' }))).stdout).toBe('65534\nlo\n');
    expect((await runTool(container.place(sh('cat /tmp/kept; ls -A /data')))).stdout).toBe('hunter22\n');
    await expect(runTool(container.place(sh('exit 7')))).rejects.toThrow('exit=7');
    await container.close();
    await container.close();
    expect(await containers(marker)).toEqual([]);
    expect(await left(declared)).toEqual([]);
  });

  it('sees the volumes and the network of its service when asked', async () => {
    const marker = newMarker();
    await stack.compose('exec', '-T', 'box', 'sh', '-c', 'echo 42 >/data/answer');
    const beside = await runtime.openThrowaway({
      of: { service: 'box', volumes: true, network: true },
      marker,
    });
    expect((await runTool(beside.place(sh('cat /data/answer; ls /sys/class/net')))).stdout).toBe(
      '42\neth0\nlo\n',
    );
    await beside.close();
    const volume = `${stack.project}_files`;
    const on = await runtime.openThrowaway({ of: { volume }, marker });
    expect((await runTool(on.place(sh('cat /volume/answer')))).stdout).toBe('42\n');
    await on.close();
    await expect(runtime.openThrowaway({ of: { volume: 'misspelled' }, marker })).rejects.toMatchObject({
      code: 'store.unreachable',
    });
    await expect(runtime.openThrowaway({ of: { service: 'misspelled' }, marker })).rejects.toMatchObject({
      code: 'service.failed',
    });
  });

  it('ends one tool alone, and all of it with its server', async () => {
    const marker = newMarker();
    const container = await runtime.openThrowaway({ of: { service: 'box' }, marker });
    const tool = await spawnTool(container.place(sh('echo up; exec sleep 1001')));
    const server = await spawnTool(container.place(sh('echo up; exec sleep 1002'), { server: true }));
    await Promise.all([once(tool.stdout, 'data'), once(server.stdout, 'data')]);
    const running = async (): Promise<string> =>
      (await runTool(container.place(sh('cat /proc/[0-9]*/cmdline | tr "\\0" " "')))).stdout;
    await tool.end();
    expect(await running()).not.toContain('sleep 1001');
    expect(await running()).toContain('sleep 1002');
    await server.end();
    expect(await containers(marker)).toEqual([]);
    await container.close();
  });

  it('goes with its worker, however that dies, and by its marker', async () => {
    const marker = newMarker();
    const script = fileURLToPath(new URL('open-throwaway.ts', import.meta.url));
    const worker = spawn(
      process.execPath,
      ['--import', 'tsx', script, stack.project, stack.folder, `${marker}1`],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    await once(worker.stdout, 'data');
    const ofWorker = await volumesOf(marker);
    expect(ofWorker).toHaveLength(1);
    worker.kill('SIGKILL');
    await vi.waitFor(async () => expect(await containers(marker)).toEqual([]), {
      timeout: 20_000,
      interval: 200,
    });
    expect(await left(ofWorker)).toEqual([]);

    await runtime.openThrowaway({ of: { service: 'box' }, marker: `${marker}1` });
    const ended = await volumesOf(marker);
    expect(ended).toHaveLength(1);
    await runtime.endMarked({ marker });
    expect(await containers(marker)).toEqual([]);
    expect(await left(ended)).toEqual([]);
  });
});
