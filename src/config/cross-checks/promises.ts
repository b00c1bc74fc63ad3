import type { Stack } from '../../contracts/stack/stack.js';
import { formatDuration } from '../../contracts/stack/units.js';
import { parseCron, type Cron } from '../cron.js';
import { longestGap } from '../longest-gap.js';
import type { CrossCheckReport } from './report.js';

/** An RPO shorter than the time between runs, jitter and all, is missed before every run, however well all goes. */
export function checkPromises(stack: Stack, report: CrossCheckReport): void {
  const plans = Object.entries(stack.plans);
  const gaps = new Map<string, number | undefined>();
  const gapOf = (store: string): number | undefined => {
    if (!gaps.has(store)) {
      // Whichever plan took it: the newest backup of a store counts.
      const taking = plans.flatMap(([, plan]) => (plan.stores.includes(store) ? [plan] : []));
      const crons = taking.map((plan) => parseCron(plan.schedule));
      const valid = crons.filter((cron): cron is Cron => !('error' in cron));
      const jitter = Math.max(...taking.map((plan) => plan.jitter));
      gaps.set(store, valid.length === crons.length ? longestGap(valid) + jitter : undefined);
    }
    return gaps.get(store);
  };
  for (const [name, plan] of plans) {
    const missed = plan.stores.find((store) => (gapOf(store) ?? 0) > plan.rpo);
    if (missed === undefined) continue;
    const apart = formatDuration(gapOf(missed) ?? 0);
    report.warn(
      ['plans', name, 'rpo'],
      `shorter than the time between backups of ${missed}, up to ${apart}: \`steady status\` will say MISSED before each run`,
      { found: formatDuration(plan.rpo) },
    );
  }
}
