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

/** Stops services one by one; they start again, after all other compensations, when the run does not finish. */
export async function stopConsumers(run: Run, snapshot: StackSnapshot, consumers: Consumers): Promise<void> {
  for (const service of consumers.stop) {
    const again = async (): Promise<void> => {
      await run.activities.undo.startService({ snapshot, service });
      await run.activities.undo.awaitHealthy({ snapshot, service });
    };
    run.compensate(`start ${service} again`, again, { atLast: true });
    await run.step(`Stop ${service}`, () => run.activities.change.stopService({ snapshot, service }));
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
