import type { ProbesPort } from '../adapters/probes/port.js';
import type { ServiceState } from '../adapters/runtimes/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { CheckConfig } from '../contracts/stack/checks.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Stack } from '../contracts/stack/stack.js';
import { withCall } from './call.js';
import type { Ports } from './ports.js';
import { serviceHandle } from './service-handle.js';
import { untilUp } from './until-up.js';

export interface AskedCheck {
  readonly name: string;
  readonly passed: boolean;
  readonly answer: string;
  readonly seconds: number;
}

/** A service as its runtime tells it, and as its health check answers now. */
export interface AskedService extends ServiceState {
  /** What its health check answered instead of passing. */
  readonly answer?: string;
}

/** Longest wait for the answer of a health check that is asked in passing, in milliseconds. */
const ASKED_MS = 12_000;

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

    /** `create`: also one that was never made, or whose containers have been removed. */
    async startService(input: { snapshot: StackSnapshot; service: string; create?: boolean }): Promise<void> {
      const { snapshot, service, create = false } = input;
      await withCall({ title: `Start ${service}` }, async ({ signal }) => {
        await ports.runtime(snapshot).start(serviceHandle(snapshot, service), { signal, create });
      });
    },

    /**
     * Waits until a service is healthy, by its check or else by its containers' own; `service.failed` with the last answer
     * when it does not become so in time.
     */
    async awaitHealthy(input: { snapshot: StackSnapshot; service: string }): Promise<string> {
      const { snapshot } = input;
      return await withCall({ title: `Wait until ${input.service} is healthy` }, async (call) => {
        const config = snapshot.stack.services[input.service];
        if (config?.health === undefined) {
          const words = await untilUp(ports.runtime(snapshot), serviceHandle(snapshot, input.service), {
            withinSeconds: config?.healthWithin ?? 0,
            signal: call.signal,
          });
          return `${words}; no health check in the stack file`;
        }
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
     * What runs. Where the runtime cannot look inside (services with commands of their own), the health check is asked:
     * what it knows is what was done here, and somebody may have done more since. A service without a health check stays
     * as it is told. One that does not answer stays `unknown` or `running`: that is no proof that it was stopped.
     */
    async serviceStates(input: { snapshot: StackSnapshot }): Promise<AskedService[]> {
      const { snapshot } = input;
      const handles = Object.keys(snapshot.stack.services).map((name) => serviceHandle(snapshot, name));
      const states = await ports.runtime(snapshot).states(handles);
      return await Promise.all(
        states.map(async (state): Promise<AskedService> => {
          const service = snapshot.stack.services[state.service];
          // What a log lacks says nothing of now.
          if (service?.health === undefined || service.health.log !== undefined) return state;
          if (!isDoubtful(state, service)) return state;
          const asked = await askNow(ports.probes(snapshot), service.health);
          if (asked.passed) return { ...state, recorded: false, status: 'running' };
          return state.recorded === true && asked.certain
            ? { ...state, recorded: false }
            : { ...state, answer: asked.answer };
        }),
      );
    },
  };
}
export type ServiceActivities = ReturnType<typeof createServiceActivities>;

/** Whether a health check may know better than the runtime. */
function isDoubtful(state: ServiceState, service: Stack['services'][string]): boolean {
  if (state.recorded === true || state.status === 'unknown') return true;
  return state.status === 'running' && (service.start ?? service.stop) !== undefined;
}

/** Asks once. `certain`: nobody listens, so it does not run. */
async function askNow(
  probes: ProbesPort,
  health: CheckConfig,
): Promise<{ readonly passed: boolean; readonly answer: string; readonly certain: boolean }> {
  const signal = AbortSignal.timeout(ASKED_MS);
  try {
    const { passed, answer, refused = false } = await probes.run(health, { signal });
    // An answer that is not as it should be, or that does not come in time, is one of something that runs.
    return { passed, answer, certain: refused };
  } catch (error) {
    if (!(error instanceof SteadyError)) throw error;
    const answer = signal.aborted ? `nothing within ${ASKED_MS / 1000} s` : error.message;
    return { passed: false, answer, certain: false };
  }
}
