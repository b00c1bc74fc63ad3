import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { fail } from './failures.js';
import type { Run } from './run.js';

/** Asks the user's own checks, all or some; one that does not pass fails the step. Nothing where there are none. */
export async function askChecks(
  run: Run,
  snapshot: StackSnapshot,
  names: readonly string[] = Object.keys(snapshot.stack.checks),
): Promise<void> {
  if (names.length === 0) return;
  await run.step('Ask the checks of the stack', async (note) => {
    const asked = await run.activities.change.runChecks({ snapshot, names });
    for (const one of asked) note(`${one.name}: ${one.passed ? 'passed' : 'failed'}, ${one.answer}`);
    const failed = asked.filter((one) => !one.passed);
    if (failed.length > 0)
      throw fail('check.failed', Object.fromEntries(failed.map((one) => [one.name, one.answer])));
  });
}
