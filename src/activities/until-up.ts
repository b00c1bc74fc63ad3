import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance, RuntimePort, ServiceHandle } from '../adapters/runtimes/port.js';
import { SteadyError } from '../contracts/failures.js';

/** Not retried: it was waited for already. */
export const notHealthy = (service: string, facts: Readonly<Record<string, string>>): SteadyError =>
  new SteadyError('service.failed', { service, ...facts }, { retryable: false });

const LOOK_MS = 500;

/**
 * Waits until instances of a service run, and are healthy where their runtime looks after that; gives how they are, in
 * words. `service.failed` with how they are when the time is over. One of which nothing tells passes.
 */
export async function untilUp(
  runtime: Pick<RuntimePort, 'instances'>,
  handle: ServiceHandle,
  options: {
    /** Left out: all. */
    readonly ids?: readonly string[];
    readonly withinSeconds: number;
    readonly signal: AbortSignal;
  },
): Promise<string> {
  const { ids, withinSeconds, signal } = options;
  const end = performance.now() + withinSeconds * 1000;
  for (;;) {
    const all = await runtime.instances(handle, { signal });
    const some = all.filter((one) => ids?.includes(one.id) ?? true);
    const down = some.filter((one) => !isUp(one));
    if (some.length > 0 && down.length === 0)
      return some.some((one) => one.health === 'healthy') ? 'runs, healthy' : 'runs';
    if (performance.now() > end) {
      const words = down.map((one) => `${one.name} ${one.health ?? one.status}`);
      throw notHealthy(handle.name, {
        answer: words.join(', ') || 'there is none',
        waited: `${withinSeconds}s`,
      });
    }
    await sleep(LOOK_MS, undefined, { signal }).catch(() => {
      throw new SteadyError('cancelled', { service: handle.name });
    });
  }
}

const isUp = ({ status, recorded, health }: Instance): boolean =>
  (status === 'running' || recorded === true) && (health === undefined || health === 'healthy');
