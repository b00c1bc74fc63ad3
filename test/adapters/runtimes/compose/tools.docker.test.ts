import { createHash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createComposeRuntime } from '../../../../src/adapters/runtimes/compose/compose.js';
import type { RuntimePort, ServiceHandle } from '../../../../src/adapters/runtimes/port.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { runTool } from '../../../../src/pipelines/run-tool.js';
import { spawnTool } from '../../../../src/pipelines/spawn-tool.js';
import { startStack, type TestStack } from './stack.js';

const SERVICES = `
services:
  box: { image: 'steadyhand-rig:1', command: sleep infinity, init: true, volumes: ['files:/data'] }
  cache:
    image: steadyhand-rig:1
    command: redis
    environment: { REDIS_PASSWORD: hunter22 }
    volumes: ['cache:/data']
    healthcheck: { test: redis-cli -a hunter22 --no-auth-warning ping | grep -q PONG, interval: 1s, retries: 30 }
  never: { image: 'steadyhand-rig:1', profiles: [never] }
volumes: { files: , cache: }
`;

let stack: TestStack;
let runtime: RuntimePort;
beforeAll(async () => {
  stack = await startStack(SERVICES);
  runtime = createComposeRuntime({
    config: { tool: 'docker', files: ['stack.yml'], project: stack.project },
    baseFolder: stack.folder,
  });
}, 120_000);
afterAll(() => stack.close());

const newMarker = (): string => `steady-test-${randomBytes(4).toString('hex')}-`;
const service = (name: string, given: Partial<ServiceHandle> = {}): ServiceHandle => ({
  name,
  drainSeconds: 1,
  ...given,
});
const sh = (script: string, ...args: string[]) => ({
  argv: ['bash', '-c', script, 'bash', ...args] as const,
});
/** Command lines of processes in a service's container that hold the text. */
const inside = async (name: string, text: string): Promise<string[]> => {
  const script = 'for f in /proc/[0-9]*/cmdline; do tr "\\0" " " <$f 2>/dev/null; echo; done';
  return (await stack.compose('exec', '-T', name, 'bash', '-c', script))
    .split('\n')
    .filter((line) => line.includes(text));
};
const throwaways = async (marker: string): Promise<string[]> =>
  (await stack.docker('ps', '-a', '--format', '{{.Names}}'))
    .split('\n')
    .filter((name) => name.includes(marker));

describe('a tool in a service', () => {
  it('gets its variables and secrets, and gives output and exit code back', async () => {
    const tool = {
      ...sh('echo "$PLAIN $SECRET $STEADY_MARKER"; echo no >&2; exit 7'),
      env: { PLAIN: 'a b' },
      secrets: { SECRET: new Secret('hunter22') },
    };
    const output = await runTool(runtime.place(tool, { service: 'box', marker: 'm-1' }), { okCodes: [7] });
    expect(output).toMatchObject({ stdout: 'a b hunter22 m-1\n', code: 7 });
    await expect(runTool(runtime.place(tool, { service: 'box', marker: 'm-1' }))).rejects.toThrow(
      'a tool failed [tool="bash in box" exit=7 says=no]',
    );
  });

  it('takes 64 MB in and gives them out unchanged, to the last byte', async () => {
    const bytes = randomBytes(64 * 2 ** 20);
    const sum = createHash('sha256').update(bytes).digest('hex');
    const output = await runTool(
      runtime.place(sh('tee >(sha256sum >&2) | sha256sum'), { service: 'box', marker: 'm-2' }),
      { input: bytes },
    );
    expect(output.stdout).toBe(`${sum}  -\n`);
    const whole = await spawnTool(
      runtime.place(sh('head -c 67108864 /dev/zero'), { service: 'box', marker: 'm-2' }),
    );
    let total = 0;
    for await (const chunk of whole.stdout) total += (chunk as Buffer).length;
    expect(total).toBe(64 * 2 ** 20);
    expect((await whole.exited).code).toBe(0);
  });

  it('is ended inside when it is ended, and its siblings are not', async () => {
    const marker = newMarker();
    const [one, other] = await Promise.all([
      spawnTool(runtime.place(sh('echo up; exec sleep 1001'), { service: 'box', marker: `${marker}1` })),
      spawnTool(runtime.place(sh('echo up; exec sleep 1002'), { service: 'box', marker: `${marker}1` })),
    ]);
    await Promise.all([firstChunk(one.stdout), firstChunk(other.stdout)]);
    expect(await inside('box', 'sleep 100')).toHaveLength(2);
    await one.end();
    expect(await inside('box', 'sleep 1001')).toEqual([]);
    expect(await inside('box', 'sleep 1002')).toHaveLength(1);
    await other.end();
    expect(await inside('box', 'sleep 1002')).toEqual([]);
  });

  it('whose client was killed goes on inside, until it is ended by the beginning of its marker', async () => {
    const marker = newMarker();
    const stubborn = sh('trap : TERM; echo up; while :; do sleep 0.1; done', marker);
    const tool = await spawnTool(runtime.place(stubborn, { service: 'box', marker: `${marker}1` }));
    await firstChunk(tool.stdout);
    process.kill(tool.pid, 'SIGKILL');
    await tool.exited;
    expect(await inside('box', marker)).not.toEqual([]);
    await runtime.endMarked({ service: 'box', marker: `${marker}2` });
    expect(await inside('box', marker)).not.toEqual([]);
    await runtime.endMarked({ service: 'box', marker });
    expect(await inside('box', marker)).toEqual([]);
    await runtime.endMarked({ service: 'box', marker });
  });

  it('fails when the service does not run', async () => {
    await expect(runTool(runtime.place(sh('true'), { service: 'never', marker: 'm' }))).rejects.toMatchObject(
      { code: 'tool.failed' },
    );
    await runtime.endMarked({ service: 'never', marker: newMarker() });
  });
});

describe('a tool beside a service', () => {
  it('sees its volumes and image, is alone on its network, and leaves no container', async () => {
    const marker = newMarker();
    await runTool(runtime.place(sh('echo hello >/data/file'), { service: 'box', marker }));
    const look = sh('cat /data/file; ls /sys/class/net; echo $$ >&2');
    expect((await runTool(runtime.placeBeside(look, { service: 'box', marker }))).stdout).toBe('hello\nlo\n');
    expect(await throwaways(marker)).toEqual([]);
  });

  it('reaches the service on its own loopback when asked', async () => {
    const ping = { argv: ['redis-cli', 'ping'] as const, secrets: { REDISCLI_AUTH: new Secret('hunter22') } };
    const on = runtime.placeBeside(ping, { service: 'cache', marker: 'm', network: true });
    expect((await runTool(on)).stdout).toBe('PONG\n');
    const off = runtime.placeBeside(ping, { service: 'cache', marker: 'm' });
    await expect(runTool(off)).rejects.toThrow('Could not connect');
  });

  it('works while the service is stopped', async () => {
    await runtime.stop(service('cache'));
    const list = runtime.placeBeside({ argv: ['ls', '/data/redis'] }, { service: 'cache', marker: 'm' });
    expect((await runTool(list)).stdout).toContain('appendonlydir');
    await runtime.start(service('cache'));
  });

  it('is removed with its container when ended, and by its marker', async () => {
    const marker = newMarker();
    const tool = sh('trap : TERM; echo up; while :; do sleep 0.1; done');
    const ended = await spawnTool(runtime.placeBeside(tool, { service: 'box', marker: `${marker}1` }));
    await firstChunk(ended.stdout);
    expect(await throwaways(marker)).toHaveLength(1);
    await ended.end();
    expect(await throwaways(marker)).toEqual([]);
    const left = await spawnTool(runtime.placeBeside(tool, { service: 'box', marker: `${marker}1` }));
    await firstChunk(left.stdout);
    process.kill(left.pid, 'SIGKILL');
    await left.exited;
    expect(await throwaways(marker)).toHaveLength(1);
    await runtime.endMarked({ marker });
    expect(await throwaways(marker)).toEqual([]);
  });

  it('fails when the service has no container', async () => {
    await expect(runTool(runtime.placeBeside(sh('true'), { service: 'never', marker: 'm' }))).rejects.toThrow(
      '[service=never error="it has no container"]',
    );
  });
});

describe('a tool on a volume', () => {
  it('finds it at /volume, with an image that is here', async () => {
    const volume = `${stack.project}_files`;
    await runTool(runtime.placeOnVolume(sh('echo 42 >/volume/answer'), { volume, marker: 'm' }));
    const tar = runtime.placeOnVolume(
      { argv: ['tar', '-C', '/volume', '-cf', '-', 'answer'] },
      { volume, marker: 'm' },
    );
    expect((await runTool(tar)).stdout).toContain('42\n');
    const given = runtime.placeOnVolume(sh('cat /volume/answer'), {
      volume,
      image: 'steadyhand-rig:1',
      marker: 'm',
    });
    expect((await runTool(given)).stdout).toBe('42\n');
  });

  it('is refused when there is no such volume, and none is made', async () => {
    const volume = `${stack.project}_misspelled`;
    await expect(runTool(runtime.placeOnVolume(sh('true'), { volume, marker: 'm' }))).rejects.toThrow(
      `cannot reach the store [volume=${volume} error="no such volume"]`,
    );
    expect(await stack.docker('volume', 'ls', '-q')).not.toContain(volume);
  });
});

function firstChunk(stream: NodeJS.ReadableStream): Promise<string> {
  return new Promise((resolve) => stream.once('data', (chunk: Buffer) => resolve(chunk.toString())));
}
