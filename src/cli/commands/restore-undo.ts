import type { WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { resultOf } from '../../client/outcome.js';
import { askWorker } from '../../client/reach.js';
import { findRun, isOpen, whereIs } from '../../client/runs.js';
import { startRun } from '../../client/start.js';
import { SteadyError } from '../../contracts/failures.js';
import { parseRunId, runId } from '../../contracts/ids.js';
import { HOLD_QUERY, toUndo, type HoldInput, type UndoInput } from '../../contracts/runs/procedures.js';
import { contextOf } from '../context.js';
import { assertKnown, assertNotFrozen } from '../../client/ask/may-change.js';
import { watchRun } from '../watch.js';

/**
 * Whether to wait. Options after `undo` that `restore` has too are taken by it: of all those only this one means
 * anything here, and what means nothing must not be passed over (`--dry-run`, of all).
 */
function waits(restore: Command): boolean {
  const given = Object.keys(restore.opts()).filter(
    (name) => name !== 'wait' && restore.getOptionValueSource(name) === 'cli',
  );
  if (given.length > 0) {
    const named = restore.options.filter((one) => given.includes(one.attributeName()));
    throw new SteadyError('usage.invalid', {
      options: named.map((one) => one.long).join(','),
      error: 'restore undo puts back all that is kept of what the restore replaced, and takes none of these',
    });
  }
  return restore.opts<{ wait: boolean }>().wait;
}

/** Throws `store.gone` with the reason when nothing of the restore is kept. */
async function requireHold(restore: WorkflowHandle, hold: WorkflowHandle): Promise<void> {
  const where = await whereIs(hold);
  if (where === 'open') return;
  const run = restore.workflowId;
  if (await isOpen(restore))
    throw new SteadyError(
      'store.gone',
      { restore: run, why: 'it still runs' },
      { hint: `\`steady cancel ${run}\` stops it, and puts back what it has begun.` },
    );
  const why =
    where === 'ended'
      ? 'it was undone, or the time for which its replaced data were kept is over'
      : 'it replaced nothing that is kept';
  throw new SteadyError('store.gone', { restore: run, why });
}

/** @param restore the command it belongs to */
export function addUndoCommand(restore: Command): void {
  restore
    .command('undo')
    .argument('<run>', 'the restore to undo')
    .option('--no-wait', 'start it and return')
    .description(
      'switch back to the data a restore replaced, of all stores where they are kept; what was restored, with the writes since, is kept aside',
    )
    .action(async (run: string, _options: object, command: Command) => {
      const context = contextOf(command);
      const wait = waits(restore);
      await context.withTemporal(async (steady) => {
        const { stack } = (await context.load()).stack;
        const handle = await findRun(steady, stack, run);
        const parts = parseRunId(handle.workflowId);
        if (parts?.procedure !== 'restore')
          throw new SteadyError('usage.invalid', { run: handle.workflowId, allowed: 'a restore' });
        const hold = steady.client.workflow.getHandle(runId('hold', stack, parts.last.slice(-8)));
        await requireHold(handle, hold);
        const snapshot = await context.appliedSnapshot(steady);
        const request = { undo: handle.workflowId };
        const input: UndoInput & { hold: HoldInput } = {
          version: 1,
          snapshot,
          by: await context.requester(request),
          restore: handle.workflowId,
          hold: await askWorker(steady, hold.workflowId, () => hold.query<HoldInput>(HOLD_QUERY)),
        };
        assertKnown(input.by, { stack: snapshot.stack, of: 'restore' }, request);
        await assertNotFrozen(steady, snapshot.stack, { names: toUndo(input.hold), all: true });
        const undo = await startRun(steady, { procedure: 'restore-undo', input });
        context.output.line(`run ${undo.workflowId}`);
        if (!wait) {
          context.output.document({ run: undo.workflowId });
          return;
        }
        const findings = await watchRun<string[]>(steady, undo, context.output);
        context.output.document({ run: undo.workflowId, findings });
        await resultOf(undo);
      });
    });
}
