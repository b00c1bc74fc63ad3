import type { Stack } from '../../contracts/stack/stack.js';
import type { CrossCheckReport } from './report.js';
import { visit } from './visit.js';

const SECRET_FIELD = /pass(word|wd|phrase)?$|secret|token|api-?_?key/i;

/** No secret stands in the file itself: it is kept in storage as applied, and shown to approvers. */
export function checkSecrets(stack: Stack, report: CrossCheckReport): void {
  visit(stack, (path, value) => {
    if (typeof value !== 'string') return;
    if (/^[a-z][a-z0-9+.-]*:\/\/[^/?#\s]*:[^/?#\s]*@/i.test(value)) {
      report.error(path, 'an address with a password in it; put it in `login` as a reference');
    } else if (/AGE-SECRET-KEY-1|-----BEGIN [A-Z ]*PRIVATE KEY/.test(value)) {
      report.error(path, 'a private key stands in the file; put it in a file of its own and name that');
    } else if (path.at(-2) === 'fields' && SECRET_FIELD.test(String(path.at(-1)))) {
      report.error(path, 'a secret in plain text; write { env: NAME } or { file: PATH }');
    }
  });
}
