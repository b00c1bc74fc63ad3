import type { ServiceHandle, ServiceState } from '../adapters/runtimes/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { CheckConfig } from '../contracts/stack/checks.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { withCall } from './call.js';
import type { Ports } from './ports.js';

export interface AskedCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly answer: string;
  readonly seconds: number;
}

export function serviceHandle(snapshot: StackSnapshot, name: string): ServiceHandle {
  const service = snapshot.stack.services[name];
  if (service === undefined)
    throw new SteadyError('config.invalid', { service: name, error: 'not in the stack' });
  const { container, start, stop, unit, drain } = service;
  return { name, container, start, stop, unit, drainSeconds: drain };
}

/** Stopping, starting and asking services. Each looks at the state first, so running again is safe. */
export function createServiceActivities(ports: Ports) {
  return {
    async stopService(input: { snapshot: StackSnapshot; service: string }): Promise<void> {
      await withCall({ title: `Stop ${input.service}` }, async (call) => {
        await ports
          .runtime(input.snapshot)
          .stop(serviceHandle(input.snapshot, input.service), { signal: call.signal });
      });
    },

    async startService(input: { snapshot: StackSnapshot; service: string }): Promise<void> {
      await withCall({ title: `Start ${input.service}` }, async (call) => {
        await ports
          .runtime(input.snapshot)
          .start(serviceHandle(input.snapshot, input.service), { signal: call.signal });
      });
    },

    /** Waits until a service is healthy; `service.failed` with the last answer when it does not become so in time. */
    async awaitHealthy(input: { snapshot: StackSnapshot; service: string }): Promise<string> {
      const { snapshot } = input;
      return await withCall({ title: `Wait until ${input.service} is healthy` }, async (call) => {
        const config = snapshot.stack.services[input.service];
        if (config?.health === undefined) return 'no health check in the stack file';
        const result = await ports
          .probes(snapshot)
          .until(config.health, { withinSeconds: config.healthWithin, signal: call.signal });
        if (!result.passed)
          throw new SteadyError(
            'service.failed',
            { service: input.service, answer: result.answer },
            { retryable: false },
          );
        return `healthy after ${result.seconds.toFixed(1)} s`;
      });
    },

    /** Asks each of the user's checks once. Reading only as far as the user's checks are. */
    async runChecks(input: { snapshot: StackSnapshot; names: readonly string[] }): Promise<AskedCheck[]> {
      return await withCall({ title: 'Ask the checks' }, async (call) => {
        const asked: AskedCheck[] = [];
        for (const name of input.names) {
          const check: CheckConfig | undefined = input.snapshot.stack.checks[name];
          if (check === undefined) continue;
          asked.push({ name, ...(await ports.probes(input.snapshot).run(check, { signal: call.signal })) });
        }
        return asked;
      });
    },

    /**
     * What runs. Where the runtime tells no more than what was done here last, the service's health check is asked:
     * somebody may have started it since. One without a health check stays `recorded`.
     */
    async serviceStates(input: { snapshot: StackSnapshot }): Promise<ServiceState[]> {
      const { snapshot } = input;
      const handles = Object.keys(snapshot.stack.services).map((name) => serviceHandle(snapshot, name));
      const states = await ports.runtime(snapshot).states(handles);
      return await Promise.all(
        states.map(async (state): Promise<ServiceState> => {
          const health = snapshot.stack.services[state.service]?.health;
          if (state.recorded !== true || health === undefined) return state;
          const { passed } = await ports.probes(snapshot).run(health);
          return { ...state, recorded: false, status: passed ? 'running' : 'stopped' };
        }),
      );
    },
  };
}
export type ServiceActivities = ReturnType<typeof createServiceActivities>;
