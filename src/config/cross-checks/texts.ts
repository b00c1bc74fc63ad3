import type { Stack } from '../../contracts/stack/stack.js';
import { holdsSecret } from '../schema-look.js';
import type { CrossCheckReport } from './report.js';
import { visit } from './visit.js';

/** As shells can set one (POSIX.1-2024, "Environment Variable Definition"). */
const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Texts that no program could be given. */
export function checkTexts(stack: Stack, report: CrossCheckReport): void {
  visit(stack, (path, value) => {
    if (typeof value === 'string' && value.includes('\0'))
      report.error(path, 'holds a NUL character, which no program takes');
    const isVariable = path.at(-1) === 'env' && holdsSecret(path.slice(0, -1));
    // Not quoted: it may be the secret itself.
    if (isVariable && !VARIABLE.test(String(value)))
      report.error(path, 'not the name of an environment variable: letters, digits and _ only');
  });
}
