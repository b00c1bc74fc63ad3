import type { Command } from 'commander';
import { findRun, listRuns, viewRun } from '../../client/runs.js';
import { contextOf } from '../context.js';
import { progressLine, watchRun } from '../watch.js';
import { secondsText, table } from '../output.js';

export function addRunCommands(program: Command): void {
  program
    .command('runs')
    .description('runs of this stack, newest first')
    .option('--open', 'only those still running')
    .option('--limit <n>', 'how many', '20')
    .action(async (options: { open?: boolean; limit: string }, command: Command) => {
      const { load, withTemporal, output } = contextOf(command);
      const { stack } = await load();
      const runs = await withTemporal((steady) =>
        listRuns(steady, { stack: stack.stack, open: options.open === true, limit: Number(options.limit) }),
      );
      const rows = runs.map((run) => [
        run.startedAt,
        run.outcome ?? run.status,
        run.closedAt ? secondsText((Date.parse(run.closedAt) - Date.parse(run.startedAt)) / 1000) : '',
        run.run,
        run.awaiting ? `awaits approval by ${run.awaiting}` : '',
      ]);
      table(rows).forEach((line) => output.line(line));
      output.document({ runs });
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
          await watchRun(steady, handle, output);
          return;
        }
        const view = await viewRun(steady, handle);
        output.line(
          `${view.run}  ${view.outcome ?? view.status}  by ${view.timeline?.by ?? '?'}  since ${view.startedAt}`,
        );
        for (const step of view.timeline?.steps ?? []) {
          const sign = { running: '…', done: '✓', failed: '✗', undone: '↺' }[step.status];
          output.line(`${sign} ${step.title}`);
          step.notes.forEach((note) => output.line(`    ${note}`));
          if (step.failure) output.line(`    ${step.failure.message}`);
        }
        if (view.timeline?.waiting !== undefined) output.line(`… waiting: ${view.timeline.waiting}`);
        if (view.failure) {
          output.line(`error: ${view.failure.message}`);
          output.line(`  code: ${view.failure.code}`);
          output.line(`  hint: ${view.failure.hint}`);
        }
        for (const one of view.progress) output.line(`    ${progressLine(one)}`);
        output.document(view);
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
        await handle.cancel();
        if (options.wait) await handle.result().catch(() => undefined);
        const { status } = await handle.describe();
        output.line(`${handle.workflowId}: ${status.name.toLowerCase()}`);
        output.document({ run: handle.workflowId, status: status.name.toLowerCase() });
      });
    });
}
