import type { CallOptions, RuntimePort } from '../adapters/runtimes/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { CheckLine } from '../contracts/runs/check-line.js';
import type { Stack } from '../contracts/stack/stack.js';

/**
 * Whether a worker that should change nothing live reaches the engine whose containers hold the stack's stores: who may
 * speak to an engine is root over all that runs there. No line where it reaches none, or one without them.
 */
export async function checkEngine(
  { stores, runtime: { compose } }: Stack,
  runtime: RuntimePort,
  options: CallOptions,
): Promise<CheckLine[]> {
  if (compose === undefined) return [];
  const services = Object.values(stores).flatMap(({ postgres, redis }) => (postgres ?? redis)?.service ?? []);
  const handles = [...new Set(services)].map((name) => ({ name, drainSeconds: 0 }));
  if (handles.length === 0) return [];
  const states = await runtime.states(handles, options).catch((error: unknown) => {
    if (error instanceof SteadyError && error.code !== 'cancelled') return [];
    throw error;
  });
  const reached = states.filter(({ status }) => status !== 'missing').map(({ service }) => service);
  if (reached.length === 0) return [];
  return [
    {
      what: 'role proof',
      status: 'warning',
      message: `reaches the container engine of ${reached.join(', ')}: whoever takes this worker over can change what is live`,
      hint: 'Run it with an engine of its own (DOCKER_HOST), or on another machine: docs/permissions.md.',
    },
  ];
}
