import type { Stack } from '../../contracts/stack/stack.js';
import { checkDeploySteps } from './deploys.js';
import { checkEncryption } from './encryption.js';
import { checkLimits } from './limits.js';
import { checkLock } from './lock.js';
import { checkNotify } from './notify.js';
import { checkOverlaps } from './overlaps.js';
import { checkPeople } from './people.js';
import { checkPlaces } from './places.js';
import { checkPromises } from './promises.js';
import { checkReferences } from './references.js';
import { createReport, type CrossCheckResult } from './report.js';
import { checkSchedules } from './schedules.js';
import { checkSecrets } from './secrets.js';
import { checkStoreFolders, type FilePlace } from './store-folders.js';
import { checkTexts } from './texts.js';
import { checkTls } from './tls.js';

/**
 * What one field alone cannot tell: names that must exist, places that must fit the runtime, times, people, keys.
 *
 * @param at.now from when on schedules are compared with daylight saving time
 */
export function crossCheck(stack: Stack, at: FilePlace & { readonly now: Date }): CrossCheckResult {
  const report = createReport();
  checkReferences(stack, report);
  checkDeploySteps(stack, report);
  checkPlaces(stack, report);
  checkTls(stack, report);
  checkOverlaps(stack, report, at.folder);
  checkStoreFolders(stack, report, at);
  checkSchedules(stack, report, at.now);
  checkPromises(stack, report);
  checkLimits(stack, report);
  checkLock(stack, report);
  checkPeople(stack, report);
  checkNotify(stack, report);
  checkEncryption(stack, report);
  checkSecrets(stack, report);
  checkTexts(stack, report);
  return report;
}
