import type { EndedRun, Finding, NotStarted } from '../../contracts/runs/watch.js';
import type { Telling } from '../shared/tell.js';

/** Key of the finding that nothing can be found now. */
export const BLIND = 'blind';

export const blindFinding = (why: string): Finding => ({
  ...{ key: BLIND, event: 'rpo', title: 'nobody can tell whether backups are as promised' },
  ...{ lines: [why], next: ['steady status', 'steady check'] },
});

/** Of what lasts: that it has begun, still is so, or is over. */
export function findingMessage(finding: Finding, state: 'begun' | 'lasting' | 'over', now: string): Telling {
  const { key, event, title, lines, next } = finding;
  return { id: `${key}.${state}.${now}`, event, title, lines, next: state === 'over' ? [] : next, state };
}

type Counts = Readonly<Record<string, NotStarted>>;

/** Counts grow for as long as a schedule lives: one that is new to the watch has missed nothing yet. */
export function notStartedMessages(before: Counts, counts: Counts, now: string): Telling[] {
  return Object.entries(counts).flatMap(([id, count]) => {
    const known = before[id] ?? count;
    const skipped = count.skipped - known.skipped;
    const missed = count.missed - known.missed;
    if (skipped <= 0 && missed <= 0) return [];
    return [
      {
        ...{ id: `skipped.${id}.${now}`, event: 'skipped', title: `a run of ${id} was not started` },
        lines: [
          ...(skipped > 0 ? [`${skipped} skipped: the one before was still running`] : []),
          ...(missed > 0 ? [`${missed} missed: all was down for longer than its catch-up time`] : []),
        ],
        next: ['steady status', 'steady runs'],
      },
    ];
  });
}

/** Under the id that the run's own message would have had: one that told its end after all is not told twice. */
export function endedMessage(stack: string, ended: EndedRun): Telling {
  const { workflowId, runId, procedure, by, how, why } = ended;
  return {
    ...{
      id: `${runId}.ended`,
      event: 'failed',
      title: `${procedure} of ${stack} was ended in Temporal: ${how}`,
    },
    lines: [why, 'it put nothing back, and left no record: what it stopped or changed may still be so'],
    next: ['steady status', `steady show ${workflowId}`],
    run: { workflowId, runId, procedure, by, outcome: how },
  };
}
