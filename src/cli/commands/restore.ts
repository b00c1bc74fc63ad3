import { restoreRequest } from '../../contracts/runs/requester.js';
import type { Command } from 'commander';
import { newRequest, startRun } from '../../client/start.js';
import { SteadyError } from '../../contracts/failures.js';
import { isTimeId } from '../../contracts/ids.js';
import type { RestoreInput, RestoreResult, Selection } from '../../contracts/runs/procedures.js';
import type { BackupLine } from '../../contracts/runs/lines.js';
import { contextOf, type Context } from '../context.js';
import { chosen, oneOfWords, selectionText } from '../arguments.js';
import { ask } from '../ask.js';
import { proofWords } from '../backup-words.js';
import { assertKnown, assertNotFrozen } from '../../client/ask/may-change.js';
import { restoredLines } from '../restored-lines.js';
import { watchRun } from '../watch.js';
import { addAcceptCommand } from './restore-accept.js';
import { addUndoCommand } from './restore-undo.js';
import { agoText, bytesText, table, timeText } from '../words.js';

interface Options {
  readonly store?: string[];
  readonly list?: boolean;
  readonly dryRun?: boolean;
  readonly into?: string;
  readonly inPlace?: boolean;
  readonly unsaved?: boolean;
  readonly force?: boolean;
  readonly unverified?: boolean;
  readonly consumers?: string;
  readonly wait: boolean;
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

/** Loading into a new place is for one store: two would be one in the place of the other. An id may be of one store. */
function refuseSeveral(into: string, selection: Selection): void {
  if (selection.stores.length === 1 || isTimeId(selection.text)) return;
  throw new SteadyError('usage.invalid', {
    into,
    error: 'one store at a time: choose it with --store',
    stores: selection.stores.join(','),
  });
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
    .option('--unsaved', 'with --in-place: go on where the live data cannot be backed up first')
    .option('--force', 'PostgreSQL: try also a backup of a newer major version, beside the live data')
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
      if (options.unsaved === true && options.inPlace !== true)
        throw new SteadyError('usage.invalid', { error: '--unsaved is for --in-place alone' });
      if (options.force === true && options.inPlace === true)
        throw new SteadyError('usage.invalid', {
          error: '--force may fail half-way, so it does not go with --in-place',
        });
      const all = Object.keys(stack.stores);
      const selection: Selection = {
        text: selectionText(what, stack.timezone, all),
        stores: chosen(options.store ?? [], all),
        unverified: options.unverified === true,
      };
      if (options.into !== undefined) refuseSeveral(options.into, selection);
      await context.withTemporal(async (steady) => {
        const snapshot = await context.appliedSnapshot(steady);
        const request = newRequest();
        const asked = {
          selection,
          mode: options.into !== undefined ? 'into' : options.inPlace === true ? 'in-place' : 'beside',
          dryRun: options.dryRun === true,
          consumersFirst: options.consumers === 'stop-first',
          unsaved: options.unsaved === true,
          ...(options.force === true && { force: true }),
          token: request.slice(-8),
          ...(options.into !== undefined && { into: options.into }),
        } as const;
        const by = await context.requester(restoreRequest(asked));
        // Nothing is started for who may not ask, or for what may not be changed.
        if (asked.mode !== 'into' && !asked.dryRun) {
          assertKnown(by, { stack: snapshot.stack, of: 'restore' }, restoreRequest(asked));
          // An id may be of some of the stores only.
          const meant = { names: selection.stores, all: !isTimeId(selection.text) };
          await assertNotFrozen(steady, snapshot.stack, meant);
        }
        const input: RestoreInput = { version: 1, snapshot, by, ...asked };
        const handle = await startRun(steady, { procedure: 'restore', input, request });
        output.line(`run ${handle.workflowId}`);
        if (!options.wait) {
          output.document({ run: handle.workflowId });
          return;
        }
        const result = await watchRun<RestoreResult>(steady, handle, output);
        restoredLines(result, handle.workflowId).forEach((line) => output.line(line));
        output.document({ run: handle.workflowId, ...result });
      });
    });
  addUndoCommand(restore);
  addAcceptCommand(restore);
}
