import type { Command } from 'commander';
import type { WorkflowHandle } from '@temporalio/client';
import { askedBy, decide, type Identity } from '../../client/approvals.js';
import { nextAfterRefusal, refusalBeforehand } from '../../client/refusals.js';
import { findRun } from '../../client/runs.js';
import { askWorker } from '../../client/reach.js';
import { SteadyError } from '../../contracts/failures.js';
import type { ApprovalState } from '../../contracts/runs/approval.js';
import { confirm } from '../confirm.js';
import { contextOf } from '../context.js';
import { assertDigest, DIGEST_SHOWN, needsDigest } from '../digest.js';
import { identityPath, readIdentity } from '../identity-file.js';
import { momentText } from '../words.js';

const NEXT: Partial<Record<ApprovalState['status'], string>> = {
  approved: 'the run goes on',
  denied: 'the run ends, and nothing is changed',
};

interface Options {
  readonly reason: string;
  readonly digest?: string;
}

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
        `only if the proposal still has this digest (its first ${DIGEST_SHOWN} characters or more); no question is asked${
          decision === 'approve' ? '. Needed where there is no terminal to ask on, and with --json' : ''
        }`,
      )
      .action(async (run: string, options: Options, command: Command) => {
        const context = contextOf(command);
        const { output } = context;
        const { stack } = await context.load();
        if (options.digest !== undefined) assertDigest(options.digest);
        const identity = await readIdentity(context.options.identity);
        if (identity === undefined)
          throw new SteadyError('identity.missing', { path: identityPath(context.options.identity) });
        await context.withTemporal(async (steady) => {
          const handle = await findRun(steady, stack.stack, run);
          const shown = await askWorker(steady, handle.workflowId, () => askedBy(handle));
          if (shown === undefined) throw refused(run, 'nothing is asked here now');
          const refusal =
            decision === 'approve' ? refusalBeforehand(identity, shown, stack.approvers) : undefined;
          if (refusal !== undefined) throw refused(run, refusal);
          if (options.digest !== undefined && !shown.digest.startsWith(options.digest))
            throw refused(run, 'the proposal has changed', shown.digest);
          const { proposal } = shown;
          output.line(
            `${proposal.title}, asked by ${proposal.requestedBy} ${momentText(proposal.requestedAt, stack.timezone)}`,
          );
          proposal.lines.forEach((line) => output.line(`  ${line}`));
          if (decision === 'approve' && options.digest === undefined) {
            if (!output.asks) throw needsDigest(handle.workflowId, shown.digest);
            await confirm('Sign this?', { input: process.stdin, output: process.stdout });
          }
          const state = await askWorker(steady, handle.workflowId, () =>
            decide(handle, { identity, shown, decision, reason: options.reason }),
          );
          output.line(wordsOf(state, identity, decision));
          if (state.status === 'approved')
            output.line(`Follow it with: steady show ${handle.workflowId} --watch`);
          output.document(documentOf(handle, state, identity, decision));
        });
      });
  }
}

function refused(run: string, reason: string, digest?: string): SteadyError {
  return new SteadyError('approval.invalid', { run, reason, digest }, { hint: nextAfterRefusal(reason) });
}

function wordsOf(state: ApprovalState, identity: Identity, decision: 'approve' | 'deny'): string {
  const agreed = state.decisions.filter((one) => one.decision.decision === 'approve').length;
  const now = NEXT[state.status] ?? `${state.proposal.count - agreed} more must agree`;
  return `${decision === 'approve' ? 'Approved' : 'Denied'} by ${identity.name}; ${now}.`;
}

const documentOf = (
  handle: WorkflowHandle,
  { status, digest }: ApprovalState,
  identity: Identity,
  decision: string,
) => ({ run: handle.workflowId, decision, by: identity.name, status, digest });
