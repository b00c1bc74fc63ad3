import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { runCommand } from '../../scripts/demonstration/run-command.js';
import { freePorts } from '../../test/services/free-port.js';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

/** A `steady up` of its own, and the command beside it. */
export interface Steady {
  readonly address: string;
  /** Process of `steady up`, under which Temporal and the worker are. */
  readonly pid: number;
  /** Process of its worker. */
  worker(): number;
  temporal(): number;
  /** SQLite file of Temporal. */
  readonly temporalFile: string;
  json<T>(args: readonly string[]): Promise<T>;
  end(): Promise<void>;
}

/** Starts it over the stack file in the folder, and waits until it is ready. */
export async function startSteady(folder: string, secrets: Record<string, string>): Promise<Steady> {
  const [port, uiPort] = (await freePorts(2)) as [number, number];
  const env = { ...process.env, ...secrets, XDG_CONFIG_HOME: join(folder, 'config'), NO_COLOR: '1' };
  const ports = ['--port', String(port), '--ui-port', String(uiPort)];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, MAIN, 'up', ...ports], {
    cwd: folder,
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let words = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer): void => {
      words = (words + chunk.toString()).slice(-4000);
      if (words.includes('steady up: ready')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', (code) => reject(new Error(`steady up ended with ${code}\n${words}`)));
  });
  const note = (name: string): Record<string, number> =>
    JSON.parse(readFileSync(join(folder, '.steady', name), 'utf8')) as Record<string, number>;
  return {
    address: `127.0.0.1:${port}`,
    pid: child.pid ?? 0,
    worker: () => note('worker.json')['pid'] ?? 0,
    temporal: () => note('up.json')['temporalPid'] ?? 0,
    temporalFile: join(folder, '.steady', 'temporal.db'),
    json: async <T>(args: readonly string[]) =>
      JSON.parse(
        (await runCommand([process.execPath, MAIN, '--json', ...args], { cwd: folder, env, show: false }))
          .stdout,
      ) as T,
    async end() {
      if (child.exitCode !== null) return;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await gone;
    },
  };
}
