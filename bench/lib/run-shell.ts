import { spawn } from 'node:child_process';
import { once } from 'node:events';

export interface RunningScript {
  readonly pid: number;
  /** Resolves when it has ended with 0; else rejects with its last words. */
  readonly ended: Promise<void>;
}

const going = new Set<number>();
// Whatever way this process ends by itself, nothing it measures goes on; a killed one leaves that to scripts/bench.
process.once('exit', () => {
  for (const pid of going) endGroup(pid);
});

/** Starts a script of bash as a person would have it in cron: the first failure of a pipe ends it. */
export function startScript(
  script: string,
  env: NodeJS.ProcessEnv,
  account?: { readonly uid: number; readonly gid: number },
): RunningScript {
  const child = spawn('bash', ['-c', `set -euo pipefail\n${script}`], {
    env,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(account && { uid: account.uid, gid: account.gid }),
  });
  const pid = child.pid ?? 0;
  going.add(pid);
  let words = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-4000)));
  const ended = once(child, 'close').then(([code, signal]) => {
    going.delete(pid);
    if (code !== 0) throw new Error(`ended with ${String(code ?? signal)}: ${script}\n${words}`);
  });
  ended.catch(() => undefined);
  return { pid, ended };
}

function endGroup(pid: number): void {
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // It has gone.
  }
}
