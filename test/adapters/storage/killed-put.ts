import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const SCRIPT = fileURLToPath(new URL('put-for-ever.ts', import.meta.url));

/** Starts a process that puts a stream without end and kills it (SIGKILL) when more than 20 MiB have gone out. */
export async function killDuringPut(given: object): Promise<void> {
  const argv = ['--pdeathsig', 'KILL', '--', process.execPath, '--import', 'tsx', SCRIPT];
  const child = spawn('setpriv', argv, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(JSON.stringify(given));
  const exited = once(child, 'exit');
  await Promise.race([
    once(child.stdout, 'data'),
    exited.then(([code]) => {
      throw new Error(`the process ended by itself: ${String(code)}`);
    }),
  ]);
  child.kill('SIGKILL');
  await exited;
}
