import { MOST_UNTOLD, type UntoldLine } from '../client/untold.js';
import type { KeptLine, PlanLine, TargetLine, TemporalStatus } from '../client/status.js';
import { agoText, countText, momentText, table, timeText } from './words.js';

/** Plans: what ran last, what runs next, what did not run. */
export function planRows(plans: readonly PlanLine[], zone: string, now: number): string[] {
  const rows = plans.map((plan) => {
    const { last } = plan;
    const ran = last
      ? `last ${last.outcome ?? last.status} ${agoText(last.closedAt ?? last.startedAt, now)}`
      : 'not run by its schedule yet';
    const next =
      plan.paused !== undefined
        ? `PAUSED: ${plan.paused}`
        : plan.next === undefined
          ? ''
          : `next ${timeText(plan.next, zone)} (${agoText(plan.next, now)})`;
    const lost = [
      plan.skipped > 0 ? `${plan.skipped} skipped` : '',
      plan.missed > 0 ? `${plan.missed} missed` : '',
    ].filter((one) => one !== '');
    return [`plan ${plan.plan}`, plan.schedule, ran, next, lost.join(', ')];
  });
  return table(rows);
}

/** What a person should do or know now: approvals first. */
export function attentionLines(status: TemporalStatus, zone: string, now: number): string[] {
  const lines: string[] = [];
  for (const run of status.approvals) {
    lines.push(
      `? ${run.run} waits for an approval by ${run.awaiting ?? '?'} since ${momentText(run.asked?.at ?? run.startedAt, zone, now)}`,
    );
    const until = run.asked && `; no answer until ${momentText(run.asked.expiresAt, zone, now)} means no`;
    lines.push(`    asked by ${run.asked?.by ?? run.by ?? '?'}${until ?? ''}`);
    lines.push(`    look: steady show ${run.run}   answer: steady approve ${run.run}`);
  }
  for (const run of status.open.filter((one) => one.awaiting === undefined)) {
    const sign = run.retries.length > 0 ? '!' : '…';
    lines.push(`${sign} ${run.run} runs, started ${agoText(run.startedAt, now)}`);
    for (const { step, attempt, failure } of run.retries)
      lines.push(`    ${step} is tried again, attempt ${attempt}; the last one: ${failure}`);
  }
  if (status.failedBackup) {
    const { run, outcome, status: state, closedAt, startedAt } = status.failedBackup;
    lines.push(
      `! the last backup ${outcome ?? state} ${agoText(closedAt ?? startedAt, now)}: steady show ${run}`,
    );
  }
  lines.push(...untoldLines(status.untold, now));
  for (const one of status.kept) lines.push(keptLine(one, zone, now));
  for (const target of status.targets) lines.push(...targetLines(target, status.open, now));
  if (status.applied === 'never') lines.push('! the file was never applied: run `steady apply`');
  if (status.applied === 'differs')
    lines.push('! the file differs from what is applied, and what is applied runs: `steady apply --dry-run`');
  const pending = status.ledger?.pending.length ?? 0;
  if (status.ledger?.alarm !== undefined)
    lines.push(`! records: ${countText(pending, 'record')} not written, ${status.ledger.alarm}`);
  return lines;
}

/** How many messages did not reach a channel, and why the newest did not: one reason is mostly that of all. */
function untoldLines(untold: readonly UntoldLine[], now: number): string[] {
  return [true, false].flatMap((trying) => {
    const some = untold.filter((one) => one.trying === trying).sort((a, b) => b.at.localeCompare(a.at));
    const [newest] = some;
    if (newest === undefined) return [];
    const count = `${countText(some.length, 'message')}${some.length < MOST_UNTOLD ? '' : ' or more'}`;
    const what = trying ? 'is tried again' : 'was not reached';
    return [
      `! a channel ${what} with ${count}, the newest ${agoText(newest.at, now)}: steady show ${newest.run}`,
      ...newest.words.map((why) => `    ${why}`),
    ];
  });
}

function keptLine({ restore, stores, until, trouble, undone }: KeptLine, zone: string, now: number): string {
  const what = undone ? 'what it had restored is' : 'what it replaced is';
  const back = undone ? '' : `   undo: steady restore undo ${restore}`;
  if (trouble !== undefined || until === undefined)
    return `! ${restore}: ${what} still kept (${stores.join(', ')})${trouble === undefined ? '' : `: ${trouble}`}${back}`;
  return `· ${restore}: ${what} kept until ${momentText(until, zone, now)} (${stores.join(', ')})${back}`;
}

/** A restore has left its data in disorder, and is not at it any more. */
export const isNotBack = ({ notBack }: TargetLine, open: TemporalStatus['open']): boolean =>
  notBack !== undefined && !open.some(({ run }) => run === notBack.by);

function targetLines(target: TargetLine, open: TemporalStatus['open'], now: number): string[] {
  const { frozen, holders, notBack, waiting } = target;
  return [
    ...(notBack && isNotBack(target, open)
      ? [
          `✗ ${target.target}: its data are not back since ${notBack.by} failed ${agoText(notBack.at, now)}: ${notBack.why}`,
          ...(notBack.way === undefined ? [] : [`    ${notBack.way}`]),
        ]
      : []),
    ...(frozen
      ? [
          `! ${target.target} is frozen by ${frozen.by} since ${agoText(frozen.at, now)}${frozen.until === undefined ? '' : `, until ${frozen.until}`}: ${frozen.reason}`,
        ]
      : []),
    ...waiting.map((waiter) => {
      const holder = holders[0];
      const by = holder ? `, held by ${holder.workflowId} since ${agoText(holder.since, now)}` : '';
      return `… ${waiter.workflowId} waits for ${target.target}${by}`;
    }),
  ];
}
