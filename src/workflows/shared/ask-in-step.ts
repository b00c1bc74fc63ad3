import type { Question } from './approvals.js';
import type { Run } from './run.js';

/** Asks for an approval as a step of its own, which names who decided what. */
export async function askInStep(run: Run, question: Question): Promise<void> {
  await run.step('Ask for approval', async (note) => {
    const answer = await run.approvals.ask(question);
    for (const { decision } of answer.decisions)
      note(`${decision.name}: ${decision.decision} ${decision.reason}`.trim());
  });
}
