import type { ServiceHandle } from '../adapters/runtimes/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';

/** How a service of the stack is addressed by its runtime. */
export function serviceHandle(snapshot: StackSnapshot, name: string): ServiceHandle {
  const service = snapshot.stack.services[name];
  if (service === undefined)
    throw new SteadyError('config.invalid', { service: name, error: 'not in the stack' });
  const { container, workload, start, stop, unit, drain } = service;
  return { name, container, workload, start, stop, unit, drainSeconds: drain };
}
