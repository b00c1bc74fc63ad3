import { Client, Connection } from '@temporalio/client';
import { execFile, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js';
import { startTemporal, type TemporalServer } from './temporal.js';
import { toolPath } from './tools.js';

const here = dirname(fileURLToPath(import.meta.url));

describe('the Temporal server of the tests', () => {
  let server: TemporalServer;
  beforeAll(async () => {
    server = await startTemporal();
  });
  afterAll(() => server.close());

  const client = async <T>(work: (client: Client) => Promise<T>): Promise<T> => {
    const connection = await Connection.connect({ address: server.address });
    return work(new Client({ connection })).finally(() => connection.close());
  };
  const ask = async (...words: string[]): Promise<string> =>
    (await promisify(execFile)(toolPath('temporal'), [...words, '--address', server.address, '-o', 'json']))
      .stdout;

  it('has the search attributes of the contracts and keeps closed runs for 90 days', async () => {
    const { customAttributes } = await client((it) =>
      it.connection.operatorService.listSearchAttributes({ namespace: 'default' }),
    );
    expect(Object.keys(customAttributes ?? {})).toEqual(expect.arrayContaining([...SEARCH_ATTRIBUTES]));
    expect(await ask('operator', 'namespace', 'describe', '-n', 'default')).toContain('7776000s');
  });

  it('keeps a run through a kill and a restart on the same port', async () => {
    await client((it) => it.workflow.start('nobody', { workflowId: 'survivor', taskQueue: 'none' }));
    const pid = server.pid();
    await server.stop({ signal: 'SIGKILL' });
    await server.restart();
    expect(server.pid()).not.toBe(pid);
    const { status } = await client((it) => it.workflow.getHandle('survivor').describe());
    expect(status.name).toBe('RUNNING');
  });
});

it('ends with the process that started it, even when that is killed', async () => {
  const script = `import { startTemporal } from ${JSON.stringify(join(here, 'temporal.ts'))};
    const server = await startTemporal();
    console.log(server.pid());
    setInterval(() => undefined, 1000);`;
  const folder = await mkdtemp(join(tmpdir(), 'steady-starter-'));
  const starter = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TMPDIR: folder },
  });
  const [words] = (await once(starter.stdout, 'data')) as [Buffer];
  const pid = Number(words.toString());
  expect(existsSync(`/proc/${pid}`)).toBe(true);
  starter.kill('SIGKILL');
  await vi.waitFor(() => expect(existsSync(`/proc/${pid}`)).toBe(false), 5000);
  await rm(folder, { recursive: true });
});
