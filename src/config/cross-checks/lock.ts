import { NO_LOCK_IN_A_FOLDER } from '../../contracts/stack/storage.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { formatDuration } from '../../contracts/stack/units.js';
import { parseCron } from '../cron.js';
import { longestGap } from '../longest-gap.js';
import type { CrossCheckReport } from './report.js';

/** Locks are looked at by each backup of a plan, and renewed when less than a quarter of their time is left. */
const RUNS_IN_A_LOCK = 4;

/** A lock that storage can hold, and that is renewed before it ends. */
export function checkLock(stack: Stack, report: CrossCheckReport): void {
  const { lock, main } = stack.storage;
  if (lock === undefined) return;
  if (main.directory) report.error(['storage', 'lock'], NO_LOCK_IN_A_FOLDER, { at: 'key' });
  for (const [name, plan] of Object.entries(stack.plans)) {
    const cron = parseCron(plan.schedule);
    const gap = 'error' in cron ? undefined : longestGap([cron]);
    if (gap === undefined || gap * RUNS_IN_A_LOCK <= lock.for) continue;
    const message = `too short for plan ${name}, which runs up to ${formatDuration(gap)} apart: locks of backups that are kept would end between two runs; take at least ${formatDuration(gap * RUNS_IN_A_LOCK)}`;
    report.warn(['storage', 'lock', 'for'], message, { found: formatDuration(lock.for) });
  }
}
