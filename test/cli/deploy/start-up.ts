import { spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { freePorts } from '../../services/free-port.js';

/** `steady up` of a folder, until it is ready; it goes with this process. */
export async function startUp(of: {
  readonly main: string;
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}): Promise<ChildProcess> {
  const [temporal, ui] = await freePorts(2);
  const argv = ['--pdeathsig', 'KILL', '--', process.execPath, of.main, 'up'];
  const child = spawn('setpriv', [...argv, '--port', `${temporal}`, '--ui-port', `${ui}`], {
    cwd: of.folder,
    env: of.env,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  for await (const line of createInterface(child.stdout)) if (line.includes('steady up: ready')) return child;
  throw new Error(`steady up ended with ${child.exitCode}`);
}
