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

export async function stopConsumers(run: Run, snapshot: StackSnapshot, consumers: Consumers): Promise<void> {
  for (const service of consumers.stop) {
    run.compensate(`start ${service} again`, () => run.activities.undo.startService({ snapshot, service }));
    await run.step(`Stop ${service}`, () => run.activities.change.stopService({ snapshot, service }));
  }
}

export async function startConsumers(run: Run, snapshot: StackSnapshot, consumers: Consumers): Promise<void> {
  for (const service of consumers.start) {
    await run.step(`Start ${service}`, () => run.activities.change.startService({ snapshot, service }));
    await run.step(`Wait until ${service} is healthy`, async (note) => {
      note(await run.activities.change.awaitHealthy({ snapshot, service }));
    });
  }
}
