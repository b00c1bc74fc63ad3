import { Encrypter } from 'age-encryption';
import { plainBackups } from '../../contracts/stack/plain-backups.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { EXAMPLE_AGE_RECIPIENTS } from '../example-keys.js';
import type { CrossCheckReport } from './report.js';

/** Recipients are real ones, and losing one key is not losing all backups. */
export function checkEncryption(stack: Stack, report: CrossCheckReport): void {
  const age = stack.storage.encryption?.age;
  if (!age) {
    report.warn(['storage', 'encryption'], `${plainBackups(stack)}; see storage.encryption`, {
      at: 'parent',
    });
    return;
  }
  const path = ['storage', 'encryption', 'age'];
  for (const [index, recipient] of age.recipients.entries()) {
    const at = [...path, 'recipients', index];
    if (!isRecipient(recipient)) report.error(at, 'not an age recipient: a letter is wrong or missing');
    if (age.recipients.indexOf(recipient) !== index) report.error(at, 'a recipient named twice');
    if (EXAMPLE_AGE_RECIPIENTS.includes(recipient)) {
      report.warn(at, 'a recipient of the examples: nobody holds its identity; put in your own');
    }
  }
  if (new Set(age.recipients).size === 1) {
    const message = 'one recipient only: when its identity is lost, so are all backups; add one kept offline';
    report.warn([...path, 'recipients'], message, { at: 'key' });
  }
  if (!age.identity && Object.keys(stack.plans).length > 0) {
    const message = 'no identity: backups can be stored but not proven, and none will count as verified';
    report.warn([...path, 'identity'], message, { at: 'parent' });
  }
}

function isRecipient(text: string): boolean {
  try {
    new Encrypter().addRecipient(text);
    return true;
  } catch {
    return false;
  }
}
