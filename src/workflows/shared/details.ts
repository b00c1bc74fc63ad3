import { setCurrentDetails } from '@temporalio/workflow';
import type { Timeline } from '../../contracts/runs/timeline.js';

/** The timeline as people see it in Temporal's own UI. */
export function details(timeline: Timeline): void {
  const signs = { running: '…', done: '✓', failed: '✗', undone: '↺' } as const;
  const lines = timeline.steps.map(
    (one) => `- ${signs[one.status]} ${one.title}${one.failure ? ` (${one.failure.message})` : ''}`,
  );
  if (timeline.waiting !== undefined) lines.push(`- waiting: ${timeline.waiting}`);
  setCurrentDetails(lines.join('\n'));
}
