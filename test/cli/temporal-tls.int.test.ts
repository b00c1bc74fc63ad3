import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { makeAuthority, type Certificate } from '../services/certificates.js';
import { startTemporal, type TemporalServer } from '../services/temporal.js';
import { openGate, type TemporalGate } from '../services/temporal-gate.js';
import { builtSteady } from './rig/build.js';
import { runSteady, type Ran } from './rig/run-steady.js';

/** A real Temporal behind what asks for a client certificate and an API key; worker and commands as a person starts them. */

const API_KEY = `canary-${randomBytes(12).toString('hex')}`;
const CODEC_KEY = randomBytes(32).toString('base64');
let folder: string;
let main: string;
let temporal: TemporalServer;
let gate: TemporalGate;
let certificate: Certificate;
let worker: ChildProcess | undefined;
let log = '';

beforeAll(async () => {
  [main, temporal] = await Promise.all([builtSteady(), startTemporal()]);
  folder = await mkdtemp(join(tmpdir(), 'steady tls '));
  const { ca, issue } = makeAuthority(folder);
  certificate = issue('temporal', 'IP:127.0.0.1,DNS:server.test');
  gate = await openGate(temporal.address, { ca, ...certificate }, API_KEY);
  mkdirSync(join(folder, 'backups'));
  mkdirSync(join(folder, 'data'));
  writeFileSync(join(folder, 'data', 'note.txt'), 'hello');
  writeFileSync(
    join(folder, 'steady.yaml'),
    `version: 1
stack: guarded
storage: { main: { directory: { path: backups } } }
stores: { docs: { files: { path: data } } }
checks: { environment: { command: { argv: [sh, -c, env > environment] } } }
limits: { worker: 20s }
`,
  );
}, 180_000);
afterAll(async () => {
  worker?.kill('SIGKILL');
  await gate.close();
  await temporal.close();
  await rm(folder, { recursive: true, force: true });
});

const env = (change: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  XDG_CONFIG_HOME: join(folder, 'config'),
  STEADY_IDENTITY: undefined,
  TEMPORAL_ADDRESS: gate.address,
  TEMPORAL_TLS_SERVER_CA_CERT_PATH: join(folder, 'ca.pem'),
  TEMPORAL_TLS_CLIENT_CERT_PATH: certificate.cert,
  TEMPORAL_TLS_CLIENT_KEY_PATH: certificate.key,
  TEMPORAL_TLS_SERVER_NAME: 'server.test',
  TEMPORAL_API_KEY: API_KEY,
  STEADY_CODEC_KEYS: `k1:${CODEC_KEY}`,
  ...change,
});
let whole: NodeJS.ProcessEnv;
const steady = (args: readonly string[], change: NodeJS.ProcessEnv = {}): Promise<Ran> =>
  runSteady(args, { main, cwd: folder, env: { ...whole, ...change } });

async function startWorker(): Promise<void> {
  const argv = ['--pdeathsig', 'KILL', '--', process.execPath, main, 'worker'];
  const options = ['--scratch', join(folder, 'scratch'), '--metrics', 'off', '--log-level', 'debug'];
  const started = spawn('setpriv', [...argv, ...options], {
    cwd: folder,
    env: whole,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  worker = started;
  await new Promise<void>((resolve, reject) => {
    const hear = (text: Buffer): void => {
      log += text.toString();
      if (log.includes('worker ready')) resolve();
    };
    started.stdout.on('data', hear);
    started.stderr.on('data', hear);
    started.once('exit', (code) => reject(new Error(`the worker ended with ${code}: ${log}`)));
  });
}

describe('a Temporal with mTLS and API keys', () => {
  it('is reached by worker and commands, and their keys are nowhere but in what they send', async () => {
    whole = env();
    expect((await steady(['worker', 'trust', '--yes'])).code).toBe(0);
    await startWorker();
    const checked = await steady(['check']);
    expect(checked.stderr).toBe('');
    expect(checked.stdout).toContain('✓ Temporal: payloads are encrypted with the key k1');
    expect(checked.stdout).toContain('✓ checks.environment');
    // Of the worker, and of the command.
    expect([...gate.seen.keys()]).toEqual(
      expect.arrayContaining([
        'PollActivityTaskQueue',
        'RespondActivityTaskCompleted',
        'StartWorkflowExecution',
      ]),
    );
    for (const authorizations of gate.seen.values())
      expect([...authorizations]).toEqual([`Bearer ${API_KEY}`]);

    const pid = worker?.pid ?? 0;
    expect(readFileSync(`/proc/${pid}/environ`, 'latin1')).toContain(API_KEY);
    // What the worker starts has neither this key nor the codec's.
    const started = readFileSync(join(folder, 'environment'), 'utf8');
    expect(started).toContain('TEMPORAL_ADDRESS');
    expect(started).not.toContain('STEADY_CODEC_KEYS');
    const history = readFileSync(temporal.file, 'latin1') + readFileSync(`${temporal.file}-wal`, 'latin1');
    const places = {
      log,
      out: checked.stdout,
      started,
      argv: readFileSync(`/proc/${pid}/cmdline`, 'latin1'),
      history,
    };
    for (const [place, text] of Object.entries(places))
      for (const secret of [API_KEY, CODEC_KEY]) expect(text.includes(secret), place).toBe(false);
  });

  it('turns away who has no certificate, another key, or another CA, with what to do about it', async () => {
    const refused = (change: NodeJS.ProcessEnv): Promise<Ran> => steady(['--json', 'check'], change);
    const none = { TEMPORAL_TLS_CLIENT_CERT_PATH: undefined, TEMPORAL_TLS_CLIENT_KEY_PATH: undefined };
    const [noCertificate, otherKey, otherCa, noFile] = await Promise.all([
      refused(none),
      refused({ TEMPORAL_API_KEY: 'other' }),
      refused({ TEMPORAL_TLS_SERVER_CA_CERT_PATH: undefined }),
      refused({ TEMPORAL_TLS_CLIENT_KEY_PATH: join(folder, 'none.pem') }),
    ]);
    const errors = [noCertificate, otherKey, otherCa, noFile].map(({ code, json }) => [
      code,
      json.error.code,
    ]);
    const unreachable = [5, 'temporal.unreachable'];
    expect(errors).toEqual([unreachable, unreachable, unreachable, [2, 'usage.invalid']]);
    expect(otherKey.json.error).toMatchObject({
      message: expect.stringContaining('tls=true api_key=true says="no such key"'),
      hint: expect.stringContaining('TEMPORAL_API_KEY'),
    });
    expect(noFile.json.error.message).toContain('none.pem');
  });
});
