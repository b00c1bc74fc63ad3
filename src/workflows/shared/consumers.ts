import { workflowInfo } from '@temporalio/workflow';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { consumersOf, startOrder } from '../../contracts/stack/dependencies.js';
import type { Stack } from '../../contracts/stack/stack.js';
import type { Run } from './run.js';

export interface Consumers {
  /** Dependents first. */
  readonly stop: readonly string[];
  /** The reverse. */
  readonly start: readonly string[];
}

export function consumersFor(stack: Stack, stores: readonly string[]): Consumers {
  const stop = consumersOf(stack, stores);
  return { stop, start: startOrder(stop) };
}

/** Stores of the stack whose data a restore could not put back: what uses them stands still. */
export async function storesNotBack(run: Run, snapshot: StackSnapshot): Promise<Record<string, NotBack>> {
  const { stack, stores } = snapshot.stack;
  return await run.activities.quick.storesNotBack({ stack, stores: Object.keys(stores) });
}

/** Those that use none of these stores. */
function withoutThese(stack: Stack, consumers: Consumers, notBack: readonly string[]): Consumers {
  return without(consumers, consumersOf(stack, notBack));
}

function without({ stop, start }: Consumers, services: readonly string[]): Consumers {
  const stays = (service: string): boolean => !services.includes(service);
  return { stop: stop.filter(stays), start: start.filter(stays) };
}

/** Which of them are started in the end, and which are not, for people. */
export function startLines(stack: Stack, consumers: Consumers, notBack: readonly string[]): string[] {
  const { start } = withoutThese(stack, consumers, notBack);
  const still = consumers.start.filter((service) => !start.includes(service));
  return [
    ...(start.length > 0 ? [`start ${start.join(', ')}`] : []),
    ...(still.length > 0
      ? [`${still.join(', ')} not started: the data of ${notBack.join(', ')} are not back`]
      : []),
  ];
}

/**
 * Those that run: one that was stopped before, by a person or because its data are not in order, stays so. One of which
 * nobody can tell counts as running, unless it uses data that could not be put back.
 */
export async function runningOf(
  run: Run,
  snapshot: StackSnapshot,
  consumers: Consumers,
  lost?: Readonly<Record<string, NotBack>>,
): Promise<Consumers> {
  if (consumers.stop.length === 0) return consumers;
  const states = await run.activities.quick.serviceStates({ snapshot });
  const still = consumersOf(snapshot.stack, Object.keys(lost ?? (await storesNotBack(run, snapshot))));
  const stopped = states.filter(({ service, status, recorded }) =>
    status === 'unknown' || recorded === true ? still.includes(service) : status === 'stopped',
  );
  return without(
    consumers,
    stopped.map(({ service }) => service),
  );
}

/**
 * Stops services one by one. When the run does not finish, those that ran before start again, after all other
 * compensations.
 */
export async function stopConsumers(
  run: Run,
  snapshot: StackSnapshot,
  consumers: Consumers,
  ran: Consumers,
): Promise<void> {
  for (const service of consumers.stop) {
    const again = async (): Promise<void> => {
      await run.activities.undo.startService({ snapshot, service });
      await run.activities.undo.awaitHealthy({ snapshot, service });
    };
    const starts = ran.stop.includes(service);
    if (starts) run.compensate(`start ${service} again`, again, { atLast: true });
    await run.step(`Stop ${service}`, async (note) => {
      // Also one that is said to be stopped: it is fine to stop twice, and fatal to copy under a writer.
      await run.activities.change.stopService({ snapshot, service });
      if (!starts) note('it was stopped already');
    });
  }
}

/**
 * Starts them and waits until they are healthy. `stopToUndo`: what they use is put back when a later step fails, so
 * they are stopped again before that.
 */
export async function startConsumers(
  run: Run,
  snapshot: StackSnapshot,
  consumers: Consumers,
  options: { readonly stopToUndo: boolean },
): Promise<void> {
  for (const service of consumers.start) {
    if (options.stopToUndo)
      run.compensate(`stop ${service} again`, () => run.activities.undo.stopService({ snapshot, service }));
    await run.step(`Start ${service}`, () => run.activities.change.startService({ snapshot, service }));
    await run.step(`Wait until ${service} is healthy`, async (note) => {
      note(await run.activities.change.awaitHealthy({ snapshot, service }));
    });
  }
}

/** Starts those whose data are whole. Gives a line for the others, with what brings their data back. */
export async function startWhole(
  run: Run,
  snapshot: StackSnapshot,
  consumers: Consumers,
  options: { readonly stopToUndo: boolean },
): Promise<string[]> {
  if (consumers.start.length === 0) return [];
  const { stack, stores } = snapshot.stack;
  // Patiently: what was stopped for this must not stand still because nobody could be asked.
  const all = await run.activities.undo.storesNotBack({ stack, stores: Object.keys(stores) });
  // What this run itself has replaced is whole by now.
  const notBack = Object.entries(all).filter(([, { by }]) => by !== workflowInfo().workflowId);
  const whole = withoutThese(
    snapshot.stack,
    consumers,
    notBack.map(([store]) => store),
  );
  await startConsumers(run, snapshot, whole, options);
  const still = consumers.start.filter((service) => !whole.start.includes(service));
  if (still.length === 0) return [];
  const ways = notBack.map(([store, { way, why }]) => way ?? `${store}: ${why}`);
  return [`${still.join(', ')} not started; ${ways.join('; ')}`];
}
