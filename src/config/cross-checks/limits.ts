import type { Stack } from '../../contracts/stack/stack.js';
import type { CrossCheckReport } from './report.js';

/** Limits that are allowed and have a price. */
export function checkLimits(stack: Stack, report: CrossCheckReport): void {
  if (stack.limits.hold > 0) return;
  const message =
    'the replaced data are deleted as soon as a restore has ended: there is no way back (`steady restore undo`)';
  report.warn(['limits', 'hold'], message, { found: '0s' });
}
