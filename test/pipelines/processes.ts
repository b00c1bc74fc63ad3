import { readdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';

/** Processes of this machine with that marker in their environment, zombies left out. */
export function markedProcesses(marker: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => Number.isInteger(pid) && pid !== process.pid)
    .filter((pid) => {
      try {
        return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`STEADY_MARKER=${marker}`);
      } catch {
        return false;
      }
    });
}

/** Waits until a condition holds; fails after the limit. */
export async function until(
  what: string,
  holds: () => boolean | Promise<boolean>,
  limitMs = 10_000,
): Promise<void> {
  const end = performance.now() + limitMs;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`not within ${limitMs} ms: ${what}`);
    await sleep(20);
  }
}

/** Sends a signal to the marked processes of one program; fails when there is none. */
export function signalNamed(marker: string, program: string, signal: NodeJS.Signals): void {
  const pids = markedProcesses(marker).filter(
    (pid) => readFileSync(`/proc/${pid}/comm`, 'utf8').trim() === program,
  );
  if (pids.length === 0) throw new Error(`no ${program} runs with the marker ${marker}`);
  for (const pid of pids) process.kill(pid, signal);
}
