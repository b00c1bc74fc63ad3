import type { Command } from 'commander';
import { controlRun } from '../../client/ask/control.js';
import { resultOf, RunFailure } from '../../client/outcome.js';
import { findRun } from '../../client/runs.js';
import type { Control } from '../../contracts/runs/control.js';
import { contextOf } from '../context.js';
import { watchRun } from '../watch.js';

const WORDS: Readonly<Record<Control['what'], readonly [description: string, done: string]>> = {
  pause: ['have a deploy wait before its next change; what serves goes on', 'pauses before its next change'],
  resume: ['have a paused deploy go on', 'goes on'],
  abort: ['end a deploy at once: what ran before runs again', 'told to stop'],
};

/** The commands pause, resume and abort. */
export function addControlCommands(program: Command): void {
  for (const what of ['pause', 'resume', 'abort'] as const) {
    const [description, done] = WORDS[what];
    const command = program
      .command(what)
      .argument('<run>', 'workflow id of a deploy, rollback or scaling, or a unique ending of it')
      .option('--reason <text>', 'why, for the record', '')
      .description(description);
    if (what === 'abort') command.option('--no-wait', 'do not wait for its end');
    command.action(async (run: string, options: { reason: string; wait?: boolean }, self: Command) => {
      const context = contextOf(self);
      const { load, withTemporal, output } = context;
      const { stack } = await load();
      await withTemporal(async (steady) => {
        const handle = await findRun(steady, stack.stack, run);
        const { workflowId } = handle;
        const { name } = await context.requester();
        await controlRun(handle, { what, by: name, reason: options.reason });
        output.line(`${workflowId}: ${done}`);
        if (what === 'abort' && options.wait === true) {
          if (!output.json) await watchRun(steady, handle, output).catch(() => undefined);
          await resultOf(handle).catch((error: unknown) => {
            // That is what was asked for.
            if (!(error instanceof RunFailure) || !['cancelled', 'deploy.rolled-back'].includes(error.code))
              throw error;
          });
        }
        output.document({ run: workflowId, told: what });
      });
    });
  }
}
