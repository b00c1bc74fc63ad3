import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connect } from '../../src/client/connect.js';
import { startTemporal, type TemporalServer } from '../services/temporal.js';
import { builtSteady } from './rig/build.js';
import { runSteady, type Ran } from './rig/run-steady.js';

/** A Temporal without a worker: whoever needs one is told so within the limit of the stack file, and nothing is begun. */

let folder: string;
let main: string;
let temporal: TemporalServer;
let worker: ChildProcess;
const LIMIT_SECONDS = 4;

beforeAll(async () => {
  [main, temporal] = await Promise.all([builtSteady(), startTemporal()]);
  folder = await mkdtemp(join(tmpdir(), 'steady-absent-'));
  mkdirSync(join(folder, 'backups'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(
    join(folder, 'steady.yaml'),
    `version: 1
stack: alone
storage: { main: { directory: { path: backups } } }
stores:
  docs: { files: { path: ${join(folder, 'data')} } }
plans:
  nightly: { schedule: "30 3 * * *", stores: [docs], prove: { schedule: never } }
limits: { worker: ${LIMIT_SECONDS}s }
`,
  );
}, 120_000);
afterAll(async () => {
  worker.kill('SIGKILL');
  await temporal.close();
  await rm(folder, { recursive: true, force: true });
});

const env = (): NodeJS.ProcessEnv => ({
  ...process.env,
  TEMPORAL_ADDRESS: temporal.address,
  XDG_CONFIG_HOME: join(folder, 'config'),
  STEADY_IDENTITY: undefined,
});
const steady = (...args: string[]): Promise<Ran> => runSteady(args, { main, cwd: folder, env: env() });

async function startWorker(): Promise<void> {
  const argv = [
    '--pdeathsig',
    'KILL',
    '--',
    process.execPath,
    main,
    'worker',
    '--scratch',
    join(folder, 's'),
  ];
  worker = spawn('setpriv', argv, { cwd: folder, env: env(), stdio: ['ignore', 'pipe', 'pipe'] });
  await new Promise<void>((resolve, reject) => {
    worker.stdout?.on('data', (text: Buffer) => void (text.toString().includes('worker ready') && resolve()));
    worker.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
}

async function openRuns(): Promise<string[]> {
  const { client, close } = await connect({ address: temporal.address, config: folder });
  const ids: string[] = [];
  for await (const run of client.workflow.list({ query: 'ExecutionStatus = "Running"' }))
    ids.push(run.workflowId);
  await close();
  return ids.sort();
}

const ENTITIES = ['storage.alone'];
const ABSENT = `no worker [queue=steady waited=${LIMIT_SECONDS}s]`;

describe('no worker', () => {
  it('has never been there: apply changes nothing', async () => {
    const { code, json } = await steady('--json', 'apply');
    expect([code, json.error.code, json.error.message]).toEqual([5, 'worker.absent', ABSENT]);
    const { client, close } = await connect({ address: temporal.address, config: folder });
    const schedules: string[] = [];
    for await (const one of client.schedule.list()) schedules.push(one.scheduleId);
    await close();
    expect(schedules).toEqual([]);
    expect(await openRuns()).toEqual(ENTITIES);
  });

  it('has been killed: each command that needs one says so within the limit, and begins nothing', async () => {
    await startWorker();
    expect((await steady('--json', 'apply')).code).toBe(0);
    worker.removeAllListeners('exit');
    worker.kill('SIGKILL');
    const commands = [
      ['backup', 'run'],
      ['backup', 'run', '--no-wait'],
      ['backup', 'list'],
      ['check'],
      ['restore', 'latest'],
      ['freeze', '--reason', 'x'],
    ];
    for (const command of commands) {
      const begun = Date.now();
      const { code, json, stderr } = await steady('--json', ...command);
      expect([command, code, json.error]).toEqual([
        command,
        5,
        {
          code: 'worker.absent',
          message: ABSENT,
          hint: 'Start one with `steady up` or `steady worker` at that site.',
        },
      ]);
      // Waiting is never silent: on stderr, beside the one document.
      expect(stderr).toMatch(/^… no worker (answers|has taken the run) yet; waiting up to 4s$/m);
      expect(Date.now() - begun).toBeLessThan((LIMIT_SECONDS + 60) * 1000);
    }
    await expect
      .poll(openRuns, { timeout: 10_000 })
      .toEqual(expect.not.arrayContaining([expect.stringMatching(/^(backup|restore|check|look)\./)]));
  });

  it('leaves status with what Temporal alone tells', async () => {
    const { code, json } = await steady('--json', 'status');
    expect(code).toBe(5);
    expect(json.stores.error).toMatchObject({ code: 'worker.absent' });
    expect(json).toMatchObject({ config: 'unknown', plans: [{ plan: 'nightly', skipped: 0 }], open: [] });
    const { stdout } = await steady('status');
    expect(stdout).toMatch(/^✗ stores: no worker \[/m);
    expect(stdout).toMatch(/^plan nightly {2}30 3 \* \* \* UTC {2}not run by its schedule yet {2}next /m);
  });

  it('begins nothing behind anyone’s back when one comes', async () => {
    await startWorker();
    worker.removeAllListeners('exit');
    expect((await steady('--json', 'status')).json.config).toBe('same');
    const { json } = await steady('--json', 'runs');
    expect(json.runs).toEqual([]);
  });
});
