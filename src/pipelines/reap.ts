import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../contracts/failures.js';

const GRACE_MS = 2000;
const LIMIT_MS = 10_000;
const LOOK_EVERY_MS = 50;

/**
 * Ends the processes of this machine whose environment has a STEADY_MARKER that begins with the prefix, with their
 * groups: TERM, after two seconds KILL, and looks again until none is left. Never this process or its own group. Safe
 * to repeat: a new attempt calls it for what the last one left. Does nothing where there is no /proc (not Linux).
 *
 * @returns how many processes were found
 * @throws `tool.failed` when one is still there after ten seconds
 */
export async function reapMarked(prefix: string): Promise<number> {
  if (prefix === '') throw new RangeError('an empty prefix would end the tools of every run');
  if (process.platform !== 'linux') return 0;
  const own = (await readStat(process.pid))?.group;
  const begun = performance.now();
  const seen = new Set<number>();
  const told = new Set<string>();
  for (;;) {
    const found = await findMarked(prefix);
    // One starting just now still shows the environment of its parent: an empty look counts when it is empty twice.
    if (found.length === 0 && (await sleep(LOOK_EVERY_MS), await findMarked(prefix)).length === 0)
      return seen.size;
    const passed = performance.now() - begun;
    if (passed > LIMIT_MS) {
      throw new SteadyError('tool.failed', {
        error: 'processes cannot be ended',
        pids: found.map((p) => p.pid).join(','),
      });
    }
    const signal = passed < GRACE_MS ? 'SIGTERM' : 'SIGKILL';
    for (const { pid, group } of found) {
      seen.add(pid);
      // A group is ours to end when its leader carries the marker; else only the process is.
      const target = group === pid && group !== own ? -group : pid;
      // TERM once: some tools take a second one as an order to die at once, without tidying up.
      if (signal === 'SIGTERM' && told.has(`${target}`)) continue;
      told.add(`${target}`);
      kill(target, signal);
    }
    await sleep(LOOK_EVERY_MS);
  }
}

interface Marked {
  readonly pid: number;
  readonly group: number;
}

async function findMarked(prefix: string): Promise<Marked[]> {
  const found: Marked[] = [];
  for (const name of await readdir('/proc')) {
    const pid = Number(name);
    if (!Number.isInteger(pid) || pid === process.pid) continue;
    // Gone, or of another user: not ours.
    const environment = await readFile(`/proc/${pid}/environ`, 'latin1').catch(() => '');
    if (!`\0${environment}`.includes(`\0STEADY_MARKER=${prefix}`)) continue;
    const stat = await readStat(pid);
    if (stat && stat.state !== 'Z') found.push({ pid, group: stat.group });
  }
  return found;
}

/** State and process group from /proc/PID/stat (proc(5)); the name in brackets may hold anything. */
async function readStat(
  pid: number,
): Promise<{ readonly state: string; readonly group: number } | undefined> {
  const text = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined);
  const [state, , group] = text?.slice(text.lastIndexOf(')') + 2).split(' ') ?? [];
  return state === undefined ? undefined : { state, group: Number(group) };
}

function kill(target: number, signal: NodeJS.Signals): void {
  try {
    process.kill(target, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
