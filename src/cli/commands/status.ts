import type { Command } from 'commander';
import { answerOf } from '../../client/outcome.js';
import { snapshotOf } from '../../client/snapshot.js';
import { startRun } from '../../client/start.js';
import type { Steady } from '../../client/connect.js';
import { temporalStatus } from '../../client/status.js';
import { SteadyError } from '../../contracts/failures.js';
import type { StoreStanding } from '../../contracts/runs/lines.js';
import type { LookInput } from '../../contracts/runs/procedures.js';
import type { TamperedLine } from '../../contracts/runs/lines.js';
import { notLockedWords, tamperedWords } from '../backup-words.js';
import { contextOf, type Context } from '../context.js';
import { exitCodeOf } from '../../contracts/exit-code.js';
import { isDown, serviceRows, type Service } from '../service-rows.js';
import { isFull, lowRoomWords, roomBeside } from '../state-room.js';
import { againstRpo, standingRow } from '../standing.js';
import { attentionLines, isNotBack, planRows } from '../status-lines.js';
import { table } from '../words.js';

/** A morning look does not wait for a worker as long as a run does: that none answers is what it says then. */
const WORKER_SECONDS = 15;

export function addStatusCommand(program: Command): void {
  program
    .command('status')
    .description('the morning look: each store against its RPO, last and next runs, who is asked for what')
    .action(async (_options: object, command: Command) => {
      await status(contextOf(command));
    });
}

async function status(context: Context): Promise<void> {
  const { output } = context;
  const loaded = await context.load();
  const { stack } = loaded;
  const snapshot = snapshotOf(loaded);
  const by = await context.requester();
  const look = async <T>(steady: Steady, what: LookInput['what']): Promise<T | SteadyError> => {
    const input: LookInput = { version: 1, snapshot, by, what, stores: Object.keys(stack.stores) };
    try {
      return await answerOf<T>(steady, await startRun(steady, { procedure: 'look', input }));
    } catch (error) {
      if (error instanceof SteadyError) return error;
      throw error;
    }
  };
  const found = await context.withTemporal(async (steady) => {
    const [known, standings, services, tampered] = await Promise.all([
      temporalStatus(steady, snapshot),
      look<StoreStanding[]>(steady, 'standings'),
      look<Service[]>(steady, 'services'),
      // Only storage that locks can tell.
      stack.storage.lock === undefined ? [] : look<TamperedLine[]>(steady, 'tampering'),
    ]);
    return { known, standings, services, tampered };
  }, WORKER_SECONDS);
  const { known, standings, services, tampered } = found;

  const now = Date.now();
  const stores =
    standings instanceof SteadyError
      ? []
      : standings.map((one) => ({ ...one, ...againstRpo(stack, one, now) }));
  if (standings instanceof SteadyError) tellError(context, 'stores', standings);
  else
    table(
      stores.map((one) => standingRow(one, now)),
      [5],
    ).forEach((line) => output.line(line));
  for (const one of stores.flatMap(({ unlocked }) => unlocked ?? []))
    output.line(output.color.red(notLockedWords(one, stack.timezone)));
  if (!(tampered instanceof SteadyError))
    tampered.forEach((one) => output.line(output.color.red(tamperedWords(one, stack.timezone))));
  else if (!(standings instanceof SteadyError)) tellError(context, 'storage', tampered);
  planRows(known.plans, stack.timezone, now).forEach((line) => output.line(line));
  // Said once: without a worker neither can be asked.
  if (!(services instanceof SteadyError)) serviceRows(services).forEach((line) => output.line(line));
  else if (!(standings instanceof SteadyError)) tellError(context, 'services', services);
  attentionLines(known, stack.timezone, now).forEach((line) => output.line(line));
  const room = await roomBeside(context.options.config);
  const low = room && lowRoomWords(room);
  if (low !== undefined) output.line(`! ${low}`);

  output.document({
    stack: stack.stack,
    config: known.applied,
    stores: standings instanceof SteadyError ? { error: errorOf(standings) } : stores,
    services: services instanceof SteadyError ? { error: errorOf(services) } : services,
    tampered: tampered instanceof SteadyError ? { error: errorOf(tampered) } : tampered,
    plans: known.plans,
    targets: known.targets,
    approvals: known.approvals,
    open: known.open,
    failedBackup: known.failedBackup,
    kept: known.kept,
    untold: known.untold,
    state: room,
    ledger: known.ledger && {
      head: known.ledger.head,
      pending: known.ledger.pending.length,
      alarm: known.ledger.alarm,
    },
  });
  if (standings instanceof SteadyError) process.exitCode = exitCodeOf(standings.code);
  else if (stores.some((one) => one.error?.code === 'storage.unreachable')) process.exitCode = 5;
  else if (tampered instanceof SteadyError) process.exitCode = exitCodeOf(tampered.code);
  else if (
    tampered.length > 0 ||
    stores.some((one) => !one.ok || one.unlocked !== undefined) ||
    known.targets.some((one) => isNotBack(one, known.open)) ||
    (room !== undefined && isFull(room))
  )
    process.exitCode = 1;
  else if (services instanceof SteadyError) process.exitCode = exitCodeOf(services.code);
  else if (services.some(isDown)) process.exitCode = 1;
}

const errorOf = ({ code, message, hint }: SteadyError) => ({ code, message, hint });

function tellError({ output }: Context, what: string, error: SteadyError): void {
  output.line(output.color.red(`✗ ${what}: ${error.message}`));
  output.line(`    ${error.hint}`);
}
