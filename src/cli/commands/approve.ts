import type { Command } from 'commander';
import { askedBy, decide } from '../../client/approvals.js';
import { findRun } from '../../client/runs.js';
import { askWorker } from '../../client/reach.js';
import { SteadyError } from '../../contracts/failures.js';
import type { ApprovalState } from '../../contracts/runs/approval.js';
import { confirm } from '../confirm.js';
import { contextOf } from '../context.js';
import { identityPath, readIdentity } from '../identity-file.js';
import { momentText } from '../words.js';

const NEXT: Partial<Record<ApprovalState['status'], string>> = {
  approved: 'the run goes on',
  denied: 'the run ends, and nothing is changed',
};

export function addApproveCommands(program: Command): void {
  for (const decision of ['approve', 'deny'] as const) {
    program
      .command(decision)
      .argument('<run>', 'workflow id, or a unique ending of it')
      .description(
        decision === 'approve' ? 'say yes to what a run asks, signed with your identity' : 'say no',
      )
      .option('--reason <text>', 'why; it stands in the record', '')
      .option(
        '--digest <sha256>',
        'only if the proposal still has this digest (or beginning of it); no question is asked',
      )
      .action(async (run: string, options: { reason: string; digest?: string }, command: Command) => {
        const context = contextOf(command);
        const { output } = context;
        const { stack } = await context.load();
        const identity = await readIdentity(context.options.identity);
        if (identity === undefined)
          throw new SteadyError('identity.missing', { path: identityPath(context.options.identity) });
        await context.withTemporal(async (steady) => {
          const handle = await findRun(steady, stack.stack, run);
          const shown = await askWorker(steady, () => askedBy(handle));
          if (shown === undefined)
            throw new SteadyError('approval.invalid', { run, reason: 'nothing is asked here now' });
          if (options.digest !== undefined && !shown.digest.startsWith(options.digest)) {
            throw new SteadyError('approval.invalid', {
              run,
              reason: 'the proposal has changed',
              digest: shown.digest,
            });
          }
          const { proposal } = shown;
          output.line(
            `${proposal.title}, asked by ${proposal.requestedBy} ${momentText(proposal.requestedAt, stack.timezone)}`,
          );
          proposal.lines.forEach((line) => output.line(`  ${line}`));
          if (decision === 'approve' && options.digest === undefined && output.asks)
            await confirm('Sign this?', { input: process.stdin, output: process.stdout });
          const state = await askWorker(steady, () =>
            decide(handle, { identity, shown, decision, reason: options.reason }),
          );
          const said = decision === 'approve' ? 'Approved' : 'Denied';
          const missing =
            proposal.count - state.decisions.filter((one) => one.decision.decision === 'approve').length;
          const now = NEXT[state.status] ?? `${missing} more must agree`;
          output.line(`${said} by ${identity.name}; ${now}.`);
          if (state.status === 'approved')
            output.line(`Follow it with: steady show ${handle.workflowId} --watch`);
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
