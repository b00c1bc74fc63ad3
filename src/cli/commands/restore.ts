import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import type { Command } from 'commander';
import { askWorker } from '../../client/reach.js';
import { findRun } from '../../client/runs.js';
import { resultOf } from '../../client/outcome.js';
import { newRequest, startRun } from '../../client/start.js';
import { SteadyError } from '../../contracts/failures.js';
import { parseRunId, runId } from '../../contracts/ids.js';
import type {
  BackupLine,
  HoldInput,
  RestoreInput,
  RestoreResult,
  Selection,
  UndoInput,
} from '../../contracts/runs/procedures.js';
import { contextOf, type Context } from '../context.js';
import type { Output } from '../output.js';
import { chosen, oneOfWords, selectionText } from '../arguments.js';
import { ask } from '../ask.js';
import { proofWords } from '../backup-words.js';
import { watchRun } from '../watch.js';
import { agoText, bytesText, secondsText, table, timeText } from '../words.js';

interface Options {
  readonly store?: string[];
  readonly list?: boolean;
  readonly dryRun?: boolean;
  readonly into?: string;
  readonly inPlace?: boolean;
  readonly unverified?: boolean;
  readonly consumers?: string;
  readonly wait: boolean;
}

async function isOpen(handle: WorkflowHandle): Promise<boolean> {
  try {
    return (await handle.describe()).status.name === 'RUNNING';
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return false;
    throw error;
  }
}

/** What could be restored, newest last. */
async function list(context: Context, stores: readonly string[] | undefined): Promise<void> {
  const { output } = context;
  const { stack } = await context.load();
  const backups = await ask<BackupLine[]>(context, { what: 'backups', stores });
  const inOrder = [...backups].sort((a, b) => (a.takenAt < b.takenAt ? -1 : 1));
  const rows = inOrder.map((one) => [
    timeText(one.takenAt, stack.timezone),
    agoText(one.takenAt),
    one.store,
    one.id,
    bytesText(one.rawBytes),
    proofWords(one),
    one.set ?? '',
  ]);
  const head = ['DATA OF', '', 'STORE', 'BACKUP', 'SIZE', 'PROOF', 'SET'];
  if (rows.length === 0) output.line('No backups yet. Take one with `steady backup run`.');
  else table([head, ...rows], [4]).forEach((line) => output.line(line));
  output.document({ backups: inOrder });
}

function tell(output: Output, result: RestoreResult, run: string): void {
  if (result.dryRun) {
    output.line('What would happen:');
    result.lines.forEach((line) => output.line(`  ${line}`));
    output.line('Nothing was changed.');
    return;
  }
  const rows = result.stores.map((one) => [
    one.store,
    one.id,
    bytesText(one.rawBytes),
    `loaded in ${secondsText(one.loadSeconds)}`,
    one.gapSeconds === undefined ? '' : `gap ${one.gapSeconds.toFixed(2)} s`,
    one.keptAs === undefined ? '' : `replaced data kept as ${one.keptAs}`,
  ]);
  table(rows, [2]).forEach((line) => output.line(line));
  if (result.rtoSeconds === undefined) return;
  output.line(`RTO ${secondsText(result.rtoSeconds)}, from the go to checks that answer`);
  output.line(`Switch back with: steady restore undo ${run}`);
}

export function addRestoreCommands(program: Command): void {
  const restore = program
    .command('restore')
    .argument('[what]', 'a set, a backup, a date or latest', 'latest')
    .option('--store <name...>', 'only these stores')
    .option('--list', 'what could be restored')
    .option('--dry-run', 'print every step, sizes, and what would be lost; change nothing')
    .option(
      '--into <place>',
      'load into a new place (a database name, a folder); the live data are not touched',
    )
    .option('--in-place', 'replace the live data where there is no room beside them')
    .option('--unverified', 'take one that is not verified')
    .option('--consumers <when>', 'stop-first: stop consumers before loading, for data known to be poisoned')
    .option('--no-wait', 'start it and return')
    .description('put a backup back')
    .action(async (what: string, options: Options, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      if (options.list === true) {
        await list(context, options.store);
        return;
      }
      if (options.consumers !== undefined) oneOfWords('consumers', options.consumers, ['stop-first']);
      if (options.into !== undefined && options.inPlace === true)
        throw new SteadyError('usage.invalid', { error: '--into and --in-place exclude each other' });
      const all = Object.keys(stack.stores);
      const selection: Selection = {
        text: selectionText(what, stack.timezone, all),
        stores: chosen(options.store ?? [], all),
        unverified: options.unverified === true,
      };
      await context.withTemporal(async (steady) => {
        const snapshot = await context.appliedSnapshot(steady);
        const request = newRequest();
        const input: RestoreInput = {
          version: 1,
          snapshot,
          by: await context.requester(selection),
          selection,
          mode: options.into !== undefined ? 'into' : options.inPlace === true ? 'in-place' : 'beside',
          dryRun: options.dryRun === true,
          consumersFirst: options.consumers === 'stop-first',
          token: request.slice(-8),
          ...(options.into !== undefined && { into: options.into }),
        };
        const handle = await startRun(steady, { procedure: 'restore', input, request });
        output.line(`run ${handle.workflowId}`);
        if (!options.wait) {
          output.document({ run: handle.workflowId });
          return;
        }
        const result = await watchRun<RestoreResult>(steady, handle, output);
        tell(context.output, result, handle.workflowId);
        output.document({ run: handle.workflowId, ...result });
      });
    });

  restore
    .command('undo')
    .argument('<run>', 'the restore to undo')
    .option('--no-wait', 'start it and return')
    .description(
      'switch back to the data a restore replaced; writes since then go with it and are kept aside',
    )
    .action(async (run: string, options: { wait: boolean }, command: Command) => {
      const context = contextOf(command);
      await context.withTemporal(async (steady) => {
        const { stack } = (await context.load()).stack;
        const handle = await findRun(steady, stack, run);
        const parts = parseRunId(handle.workflowId);
        if (parts?.procedure !== 'restore')
          throw new SteadyError('usage.invalid', { run: handle.workflowId, allowed: 'a restore' });
        const hold = steady.client.workflow.getHandle(runId('hold', stack, parts.last.slice(-8)));
        if (!(await isOpen(hold))) throw new SteadyError('store.gone', { restore: handle.workflowId });
        const snapshot = await context.appliedSnapshot(steady);
        const input: UndoInput & { hold: HoldInput } = {
          version: 1,
          snapshot,
          by: await context.requester({ undo: handle.workflowId }),
          restore: handle.workflowId,
          hold: await askWorker(steady, () => hold.query<HoldInput>('hold')),
        };
        const undo = await startRun(steady, { procedure: 'restore-undo', input });
        context.output.line(`run ${undo.workflowId}`);
        if (!options.wait) {
          context.output.document({ run: undo.workflowId });
          return;
        }
        const findings = await watchRun<string[]>(steady, undo, context.output);
        context.output.document({ run: undo.workflowId, findings });
        await resultOf(undo);
      });
    });
}
