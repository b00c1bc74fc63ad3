import { proofSchedule } from '../../contracts/stack/plans.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { parseCron, type Cron } from '../cron.js';
import { clockChanges, isZone, nearestZone } from '../zones.js';
import { odditiesOf } from '../daylight-saving.js';
import type { FieldPath } from '../problems.js';
import type { CrossCheckReport } from './report.js';

/** Zone and schedules are valid; times that daylight saving skips or repeats are warned of. */
export function checkSchedules(stack: Stack, report: CrossCheckReport, now: Date): void {
  const zoneKnown = isZone(stack.timezone);
  if (!zoneKnown) {
    const found = JSON.stringify(stack.timezone);
    report.error(['timezone'], 'not a time zone of the IANA list', {
      found,
      nearest: nearestZone(stack.timezone),
    });
  }
  const changes = zoneKnown ? clockChanges(stack.timezone, now) : [];
  const check = (path: FieldPath, text: string): Cron | undefined => {
    const cron = parseCron(text);
    if ('error' in cron) {
      report.error(path, cron.error, { found: JSON.stringify(text) });
      return undefined;
    }
    for (const oddity of odditiesOf(cron, changes)) report.warn(path, `${oddity} in ${stack.timezone}`);
    if (cron.bothDays) {
      report.warn(
        path,
        'both a day of the month and a day of the week: it runs only on days that match both',
      );
    }
    return cron;
  };
  for (const [name, plan] of Object.entries(stack.plans)) {
    check(['plans', name, 'schedule'], plan.schedule);
    const proof = proofSchedule(plan);
    if (proof !== undefined) check(['plans', name, 'prove', 'schedule'], proof);
  }
}
