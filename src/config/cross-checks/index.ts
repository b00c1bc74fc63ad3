import type { Stack } from '../../contracts/stack/stack.js';
import { checkEncryption } from './encryption.js';
import { checkPeople } from './people.js';
import { checkPlaces } from './places.js';
import { checkReferences } from './references.js';
import { createReport, type CrossCheckResult } from './report.js';
import { checkSchedules } from './schedules.js';
import { checkSecrets } from './secrets.js';

/**
 * What one field alone cannot tell: names that must exist, places that must fit the runtime, times, people, keys.
 *
 * @param now from when on schedules are compared with daylight saving time
 */
export function crossCheck(stack: Stack, now: Date): CrossCheckResult {
  const report = createReport();
  checkReferences(stack, report);
  checkPlaces(stack, report);
  checkSchedules(stack, report, now);
  checkPeople(stack, report);
  checkEncryption(stack, report);
  checkSecrets(stack, report);
  return report;
}
