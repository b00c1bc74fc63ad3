import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { setTimeout as sleep } from 'node:timers/promises';
import { askedBy } from '../../client/approvals.js';
import { resultOf, RunFailure } from '../../client/outcome.js';
import { findRun, listRuns, viewRun, type RunLine, type RunView } from '../../client/runs.js';
import { parseRunId } from '../../contracts/ids.js';
import type { ApprovalState } from '../../contracts/runs/approval.js';
import type { RestoreResult } from '../../contracts/runs/procedures.js';
import { countOf } from '../arguments.js';
import { contextOf } from '../context.js';
import { failureLines } from '../failure-lines.js';
import type { Output } from '../output.js';
import { proposalLines } from '../proposal-lines.js';
import { restoredLines } from '../restored-lines.js';
import { nowLines, stepLines } from '../steps.js';
import { watchRun } from '../watch.js';
import { agoText, momentText, secondsText, table, timeText } from '../words.js';

export function addRunCommands(program: Command): void {
  program
    .command('runs')
    .description('runs of this stack, newest first')
    .option('--open', 'only those still running')
    .option('--limit <n>', 'how many', '20')
    .action(async (options: { open?: boolean; limit: string }, command: Command) => {
      const { load, withTemporal, output } = contextOf(command);
      const { stack } = await load();
      const limit = countOf('limit', options.limit);
      const runs = await withTemporal((steady) =>
        listRuns(steady, { stack: stack.stack, open: options.open === true, limit }),
      );
      const rows = runs.map((run) => [
        timeText(run.startedAt, stack.timezone),
        agoText(run.startedAt),
        outcomeOf(run),
        secondsText(secondsOf(run)),
        run.run,
        run.by ?? '',
        run.awaiting === undefined ? '' : `waits for an approval by ${run.awaiting}`,
      ]);
      if (rows.length === 0) output.line(options.open === true ? 'Nothing runs.' : 'No runs yet.');
      else
        table([['STARTED', '', 'OUTCOME', 'TOOK', 'RUN', 'BY', ''], ...rows]).forEach((line) =>
          output.line(line),
        );
      output.document({ runs: runs.map((run) => ({ ...run, seconds: secondsOf(run) })) });
    });

  program
    .command('show')
    .argument('<run>', 'workflow id, or a unique ending of it')
    .description('a run: its steps, what it waits for, how far its transfers are')
    .option('--watch', 'follow it to its end')
    .action(async (run: string, options: { watch?: boolean }, command: Command) => {
      const { load, withTemporal, output } = contextOf(command);
      const { stack } = await load();
      await withTemporal(async (steady) => {
        const handle = await findRun(steady, stack.stack, run);
        if (options.watch === true && !output.json) {
          tellRestored(output, handle.workflowId, await watchRun(steady, handle, output));
          return;
        }
        const view = await viewRun(steady, handle);
        const asked = view.awaiting === undefined ? undefined : await askedBy(handle).catch(() => undefined);
        tellRun(output, view, asked, stack.timezone);
        output.document({ ...view, seconds: secondsOf(view), ...(asked && { approval: asked }) });
      });
    });

  program
    .command('cancel')
    .argument('<run>', 'workflow id, or a unique ending of it')
    .description('stop a run cleanly: what it began is put back')
    .option('--no-wait', 'do not wait for its end')
    .action(async (run: string, options: { wait: boolean }, command: Command) => {
      const { load, withTemporal, output } = contextOf(command);
      const { stack } = await load();
      await withTemporal(async (steady) => {
        const handle = await findRun(steady, stack.stack, run);
        const before = await handle.describe();
        if (before.status.name === 'RUNNING') {
          await handle.cancel();
          if (options.wait && !output.json) await watchRun(steady, handle, output).catch(() => undefined);
          if (options.wait) await toldUnlessCancelled(handle);
          // Its end is not seen in its description at once.
          if (options.wait) await sleep(50);
        }
        const { status } = await handle.describe();
        const name = status.name.toLowerCase();
        output.line(
          before.status.name === 'RUNNING'
            ? `${handle.workflowId}: ${name === 'running' ? 'told to stop' : name}`
            : `${handle.workflowId} has ended already: ${name}`,
        );
        output.document({ run: handle.workflowId, status: name });
      });
    });
}

/** A run that did not simply stop says what it could not put back: that is what has to be known now. */
async function toldUnlessCancelled(handle: WorkflowHandle): Promise<void> {
  await resultOf(handle).catch((error: unknown) => {
    if (!(error instanceof RunFailure) || !['cancelled', 'deploy.rolled-back'].includes(error.code))
      throw error;
  });
}

function outcomeOf(run: RunLine): string {
  const outcome = run.outcome ?? (run.awaiting === undefined ? run.status : 'waiting');
  return run.dryRun ? `${outcome}, dry run` : outcome;
}

/** What a finished restore did, and how to switch back. */
function tellRestored(output: Output, run: string, result: unknown): void {
  if (parseRunId(run)?.procedure !== 'restore') return;
  restoredLines(result as RestoreResult, run).forEach((line) => output.line(line));
}

function secondsOf(run: RunLine, now = Date.now()): number {
  return ((run.closedAt ? Date.parse(run.closedAt) : now) - Date.parse(run.startedAt)) / 1000;
}

function tellRun(output: Output, view: RunView, asked: ApprovalState | undefined, zone: string): void {
  const { color } = output;
  output.line(`${color.bold(view.run)}  ${outcomeOf(view)}`);
  output.line(
    `  asked by ${view.timeline?.by ?? view.by ?? '?'}, started ${momentText(view.startedAt, zone)}, ${
      view.closedAt === undefined ? 'running for' : 'took'
    } ${secondsText(secondsOf(view))}`,
  );
  for (const step of view.timeline?.steps ?? []) stepLines(step, color).forEach((line) => output.line(line));
  if (view.timeline === undefined && view.closedAt !== undefined)
    output.line('  its steps cannot be shown: no worker answers');
  nowLines(view, color).forEach((line) => output.line(line));
  if (asked) proposalLines(asked, zone).forEach((line) => output.line(line));
  if (view.result !== undefined) tellRestored(output, view.run, view.result);
  if (view.failure) {
    const [first = '', ...rest] = failureLines(view.failure.message);
    output.line(color.red(`error: ${first}`));
    rest.forEach((line) => output.line(line));
    output.line(`  code: ${view.failure.code}`);
    output.line(`  hint: ${view.failure.hint}`);
  }
}
