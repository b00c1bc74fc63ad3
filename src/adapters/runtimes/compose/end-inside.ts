import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { containerExec, containerPs, containerRemove, type ComposeTarget } from './argv.js';
import type { Container } from './containers.js';
import { inspectListed, projectContainers, type RunCommand } from './find-containers.js';

/**
 * Signals every process in a container whose environment has a variable that begins with `$1`, and prints their ids.
 * Read from /proc, because small images have no `ps`; needs only sh and tr. A process of another user, or one that
 * overwrites its own environment for its title (redis-server, postgres), is not found: servers go into throwaway
 * containers, which are removed whole.
 */
const SIGNAL_MARKED = `
for file in /proc/[0-9]*/environ; do
  pid=\${file#/proc/}; pid=\${pid%/environ}
  { tr '\\000' '\\n' <"$file"; } 2>/dev/null | while IFS= read -r line; do
    case $line in "$1"*) echo "$pid"; kill -"$2" "$pid" 2>/dev/null; break;; esac
  done
done
exit 0`;

const PAUSE_MS = 250;
const ROUNDS_OF_TERM = 8;
const ROUNDS = 40;

/** Ends what is marked in the containers of a service, see {@link endInContainers}. */
export function endInService(
  target: ComposeTarget,
  run: RunCommand,
  service: string,
  variable: string,
): Promise<void> {
  const containers = async (): Promise<Container[]> =>
    (await projectContainers(target, run)).filter((one) => one.service === service);
  return endInContainers(target, run, { containers, variable, where: service });
}

export interface EndInContainers {
  /** Asked before each look: containers come and go. */
  readonly containers: () => Promise<readonly Container[]>;
  /** `NAME=beginning of its value`. */
  readonly variable: string;
  /** For messages. */
  readonly where: string;
}

/**
 * Ends the processes of running containers whose environment has `variable`: TERM, after two seconds KILL, and looks
 * again until there are none. The end of an exec's client is not the end of the process inside. Throws `tool.failed`
 * when some are still there after ten seconds.
 */
export async function endInContainers(
  target: ComposeTarget,
  run: RunCommand,
  { containers: list, variable, where }: EndInContainers,
): Promise<void> {
  let failures = 0;
  for (let round = 1; round <= ROUNDS; round++) {
    const containers = (await list()).filter((one) => one.status === 'running');
    const signal = round <= ROUNDS_OF_TERM ? 'TERM' : 'KILL';
    let left = false;
    for (const { id } of containers) {
      const argv = containerExec(target, {
        container: id,
        argv: ['sh', '-c', SIGNAL_MARKED, 'steady', variable, signal],
      });
      try {
        left = (await run(argv)).stdout !== '' || left;
      } catch (error) {
        // It may have stopped since it was listed; the next round tells.
        if (++failures > 2) throw error;
        left = true;
      }
    }
    if (!left) return;
    await sleep(PAUSE_MS);
  }
  throw new SteadyError('tool.failed', { tool: `what is marked in ${where}`, error: 'does not end' });
}

/** Label on throwaway containers with the marker of the attempt that made them. */
export const MARKER_LABEL = 'steadyhand.marker';
/** Label on a throwaway container with the id of its tool. */
export const TOOL_LABEL = 'steadyhand.tool';

/** Removes throwaway containers with this label that `which` picks by its value, and looks again until there are none. */
export async function removeThrowaways(
  target: ComposeTarget,
  run: RunCommand,
  label: string,
  which: (value: string) => boolean,
): Promise<void> {
  for (let round = 1; round <= ROUNDS; round++) {
    const all = await inspectListed(target, run, containerPs(target, { labels: [label] }));
    const ids = all.filter((one) => which(one.labels[label] ?? '')).map((one) => one.id);
    if (ids.length === 0) return;
    // `--rm` may be removing it at the same time, which the engine answers with an error.
    await run(containerRemove(target, ids), { okCodes: [0, 1] });
    await sleep(round === 1 ? 0 : PAUSE_MS);
  }
  throw new SteadyError('tool.failed', { tool: 'throwaway container', error: 'cannot be removed' });
}
