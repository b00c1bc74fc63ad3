import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StateFolder } from './state-folder.js';
import { endChild, notStarted } from './supervise.js';
import { startTemporal, type Ports } from './temporal-server.js';

export interface KeptTemporal {
  /** Settles, with why, when it ended again and again and is given up; never rejects. */
  readonly gaveUp: Promise<unknown>;
  /** Ends it for good: TERM, and KILL after the grace. */
  stop(graceSeconds: number): Promise<void>;
}

/** Ends within this many milliseconds of a start count as failures in a row. */
const SETTLED_MS = 60_000;
const MOST_FAILURES = 5;
const PAUSE_MS = 200;

/**
 * Starts Temporal and keeps it running: one that ends by itself (killed, out of memory) is started again on its file
 * and ports, and workers find it again by themselves. Rejects when the first start fails.
 */
export async function keepTemporal(
  folder: StateFolder,
  ports: Ports,
  tell: {
    /** Must not reject: what was started runs, whatever is made of it. */
    readonly onStart: (pid: number) => Promise<void>;
    readonly onEnd: (how: string) => void;
  },
): Promise<KeptTemporal> {
  let stopping = false;
  let child: ChildProcess | undefined = await startTemporal(folder, ports);
  let since = Date.now();

  const keep = async (): Promise<unknown> => {
    let failed: unknown;
    for (let failures = 0; ;) {
      const how = child === undefined ? notStarted(failed) : await exitOf(child);
      if (stopping) return new Promise<never>(() => undefined);
      failures = Date.now() - since > SETTLED_MS ? 1 : failures + 1;
      tell.onEnd(how);
      await sleep(PAUSE_MS * failures);
      since = Date.now();
      try {
        child = undefined;
        child = await startTemporal(folder, ports);
      } catch (error) {
        if (failures >= MOST_FAILURES) return error;
        failed = error;
        continue;
      }
      if (stopping) await endChild(child, 0);
      else await tell.onStart(child.pid ?? 0);
    }
  };
  await tell.onStart(child.pid ?? 0);
  return {
    gaveUp: keep(),
    async stop(graceSeconds) {
      stopping = true;
      if (child) await endChild(child, graceSeconds);
    },
  };
}

async function exitOf(child: ChildProcess): Promise<string> {
  if (child.exitCode === null && child.signalCode === null) {
    await new Promise((resolve) => child.once('exit', resolve));
  }
  return String(child.exitCode ?? child.signalCode);
}
