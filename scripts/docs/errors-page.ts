import { exitCodeOf } from '../../src/contracts/exit-code.js';
import { failureText } from '../../src/cli/tell-failure.js';
import { FAILURES, SteadyError, type FailureCode } from '../../src/contracts/failures.js';
import { FAILURE_EXAMPLES } from './failure-examples.js';

const INTRODUCTION = `# Errors

Every failure has a code, and is told in one form: what failed, with the facts in brackets, the code, and a hint what to do next. \`--json\` gives the same as \`{ "error": { "code", "message", "hint" } }\`, and the HTTP API as problem details (RFC 9457) with the same code and hint. Codes stay; words may get better. Below is each code with an example, as the screen shows it.

| exit code | meaning |
| --------- | ------- |
| 0 | done |
| 1 | the procedure failed |
| 2 | wrong usage or config |
| 3 | denied, frozen, expired or cancelled; a worker that does not trust the stack |
| 4 | a deploy failed or was aborted, and what ran before runs again |
| 5 | cannot reach Temporal, a worker or storage |

\`steady check\` and \`steady status\` end with 1 where a line of theirs is an error, also when it is storage that cannot be reached.

A run tries again by itself what may work without anybody's doing ("tried again"); what it tells you at last needs a person.`;

/** What a code begins with, by what an operator was doing. */
const GROUPS = [
  ['The file and the command line', ['config', 'usage', 'secret']],
  [
    'Temporal, workers and runs',
    ['temporal', 'worker', 'trust', 'codec', 'up', 'run', 'schedule', 'cancelled', 'internal'],
  ],
  ['Locks and freezes', ['target']],
  ['Approvals and people', ['approval', 'identity']],
  ['Stores', ['store']],
  ['Services and checks', ['service', 'check']],
  ['Deploys', ['image', 'deploy', 'revision', 'router', 'job', 'calendar']],
  ['HTTP API', ['server', 'token', 'route', 'stack', 'request', 'webhook']],
  ['Channels', ['notify']],
  ['Tools and streams', ['tool', 'stream']],
  ['Storage', ['storage']],
  ['Backups, proofs and keys', ['backup', 'import', 'verify', 'prune', 'key']],
  ['Evidence', ['evidence']],
] as const;

/** The text of docs/errors.md, from the registry; throws when a code belongs to no part of it. */
export function errorsPage(): string {
  const codes = new Set(Object.keys(FAILURES) as FailureCode[]);
  const parts = GROUPS.map(([title, beginnings]) => {
    const own = [...codes].filter((code) => beginnings.some((one) => code.split('.')[0] === one));
    own.forEach((code) => codes.delete(code));
    return [`## ${title}`, ...own.map(entry)].join('\n\n');
  });
  if (codes.size > 0) throw new Error(`no part of docs/errors.md has ${[...codes].join(', ')}`);
  return `${[INTRODUCTION, ...parts].join('\n\n')}\n`;
}

function entry(code: FailureCode): string {
  const again = FAILURES[code].retryable ? '; tried again' : '';
  const shown = failureText(new SteadyError(code, FAILURE_EXAMPLES[code]));
  return `### ${code}\n\nExit code ${exitCodeOf(code)}${again}.\n\n\`\`\`\n${shown}\`\`\``;
}
