import type { Command } from 'commander';
import { askedBy, decide } from '../../client/approvals.js';
import { findRun } from '../../client/runs.js';
import { SteadyError } from '../../contracts/failures.js';
import { contextOf } from '../context.js';
import { identityPath, readIdentity } from '../identity-file.js';

export function addApproveCommands(program: Command): void {
  for (const decision of ['approve', 'deny'] as const) {
    program
      .command(decision)
      .argument('<run>', 'workflow id, or a unique ending of it')
      .description(
        decision === 'approve' ? 'say yes to what a run asks, signed with your identity' : 'say no',
      )
      .option('--reason <text>', 'why; it stands in the record', '')
      .option('--digest <sha256>', 'only if the proposal still has this digest (or beginning of it)')
      .action(async (run: string, options: { reason: string; digest?: string }, command: Command) => {
        const context = contextOf(command);
        const { output } = context;
        const { stack } = await context.load();
        const identity = await readIdentity(context.options.identity);
        if (identity === undefined)
          throw new SteadyError('identity.missing', { path: identityPath(context.options.identity) });
        await context.withTemporal(async (steady) => {
          const handle = await findRun(steady, stack.stack, run);
          const shown = await askedBy(handle);
          if (shown === undefined)
            throw new SteadyError('approval.invalid', { run, reason: 'nothing is asked here now' });
          if (options.digest !== undefined && !shown.digest.startsWith(options.digest)) {
            throw new SteadyError('approval.invalid', {
              run,
              reason: 'the proposal has changed',
              digest: shown.digest,
            });
          }
          output.line(
            `${shown.proposal.title}, asked by ${shown.proposal.requestedBy} at ${shown.proposal.requestedAt}`,
          );
          shown.proposal.lines.forEach((line) => output.line(`  ${line}`));
          const state = await decide(handle, { identity, shown, decision, reason: options.reason });
          output.line(
            `${decision === 'approve' ? 'Approved' : 'Denied'} by ${identity.name}; it is now ${state.status}.`,
          );
          output.document({
            run: handle.workflowId,
            decision,
            by: identity.name,
            status: state.status,
            digest: state.digest,
          });
        });
      });
  }
}
