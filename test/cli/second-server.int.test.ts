import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startTemporal, type TemporalServer } from '../services/temporal.js';
import { builtSteady } from './rig/build.js';
import { runSteady, type Ran } from './rig/run-steady.js';

/** docs/install.md, "A second server": the two have a user's folder each, and the stack's folder under one path. */
const TEXT = `version: 1
stack: shop
site: berlin
storage: { main: { directory: { path: backups } } }
stores: { docs: { files: { path: data } } }
plans: { nightly: { schedule: "30 3 * * *", stores: [docs] } }
`;
let folder: string;
let main: string;
let temporal: TemporalServer;
let worker: ChildProcess | undefined;

beforeAll(async () => {
  [main, temporal] = await Promise.all([builtSteady(), startTemporal()]);
  folder = await mkdtemp(join(tmpdir(), 'steady-second-'));
  for (const name of ['backups', 'data', 'elsewhere']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'data', 'note.txt'), 'hello');
  write(TEXT);
}, 180_000);
afterAll(async () => {
  worker?.kill('SIGKILL');
  await temporal.close();
  await rm(folder, { recursive: true, force: true });
});

const write = (text: string): void => writeFileSync(join(folder, 'steady.yaml'), text);
const env = (server: 'first' | 'second'): NodeJS.ProcessEnv => ({
  ...process.env,
  XDG_CONFIG_HOME: join(folder, server),
  STEADY_IDENTITY: undefined,
  STEADY_TRUST: undefined,
  TEMPORAL_ADDRESS: temporal.address,
});
const first = (...args: string[]): Promise<Ran> =>
  runSteady(['--json', ...args], { main, cwd: folder, env: env('first') });
const second = (cwd: string, ...args: string[]): Promise<Ran> =>
  runSteady(args, { main, cwd, env: env('second') });

/** Runs the command line of a unit, as systemd would at boot. */
async function boot(unit: string): Promise<void> {
  const line = /^ExecStart=(.*)$/m.exec(readFileSync(unit, 'utf8'))?.[1] ?? '';
  const argv = [...line.matchAll(/"([^"]*)"/g)].map(([, word = '']) => word);
  const started = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...argv], {
    cwd: folder,
    env: { ...env('second'), TEMPORAL_ADDRESS: undefined },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  worker = started;
  await new Promise<void>((resolve, reject) => {
    started.stdout.on('data', (text: Buffer) => {
      if (text.includes('worker ready')) resolve();
    });
    started.once('exit', (code) => reject(new Error(`the worker ended with ${code}`)));
  });
}

describe('a worker that is installed on a second server', () => {
  it('refuses everything until its own machine has read the file, under the same path', async () => {
    const options = ['--scratch', join(folder, 'scratch'), '--metrics', 'off'];
    expect((await second(folder, 'worker', '--site', 'berlin', ...options, '--install', 'units')).code).toBe(
      0,
    );
    await boot(join(folder, 'units', 'steady-worker-berlin.service'));
    const unread = await first('check');
    expect([unread.code, unread.json.error.code]).toEqual([3, 'trust.missing']);

    const elsewhere = join(folder, 'elsewhere');
    writeFileSync(join(elsewhere, 'steady.yaml'), TEXT);
    expect((await second(elsewhere, 'worker', 'trust', '--yes')).code).toBe(0);
    expect((await first('check')).json.error.message).toContain('changed=folder');

    expect((await second(folder, 'worker', 'trust', '--yes')).code).toBe(0);
    expect((await first('apply')).code).toBe(0);
    expect((await first('check')).code).toBe(0);
    expect((await first('backup', 'run')).code).toBe(0);
  });

  it('refuses a changed file, also when it is applied, until it is read there again', async () => {
    write(`${TEXT}limits: { stall: 2m }\n`);
    expect((await first('apply')).code).toBe(0);
    for (const command of [['check'], ['backup', 'run']]) {
      const { json } = await first(...command);
      expect(json.error).toMatchObject({
        code: 'trust.missing',
        message: expect.stringContaining('changed=limits'),
      });
    }
    expect((await second(folder, 'worker', 'trust', '--yes')).code).toBe(0);
    expect((await first('check')).code).toBe(0);
    expect((await first('backup', 'run')).code).toBe(0);
  });
});
