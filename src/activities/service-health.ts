import type { Instance, PublishedPort, RuntimePort, ServiceHandle } from '../adapters/runtimes/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { InstanceHealth, ServiceHealth } from '../contracts/runs/health.js';
import type { LogGroup } from '../contracts/runs/logs.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { optionalServices } from '../contracts/stack/dependencies.js';
import type { Ports } from './ports.js';
import { serviceHandle } from './service-handle.js';

type ReadErrors = (of: { readonly snapshot: StackSnapshot; readonly service: string }) => Promise<LogGroup[]>;

/** Longest wait for the answer of a health check, in milliseconds. */
const ASKED_MS = 12_000;

/** Looks at services on behalf of a person. Reading only. */
export function createHealthActivities(ports: Ports, logErrors: ReadErrors) {
  return {
    /** How services are: their instances, their health checks asked now, ports, errors of their logs. */
    async serviceHealth(input: {
      snapshot: StackSnapshot;
      services: readonly string[];
    }): Promise<ServiceHealth[]> {
      const { snapshot, services } = input;
      const runtime = ports.runtime(snapshot);
      const optional = optionalServices(snapshot.stack);
      const handles = services.map((name) => serviceHandle(snapshot, name));
      const states = await runtime.states(handles);
      return await Promise.all(
        handles.map(async (handle): Promise<ServiceHealth> => {
          const { name } = handle;
          const [instances, published, check, errors] = await Promise.all([
            runtime.instances(handle),
            portsOf(runtime, handle),
            askNow(ports, snapshot, name),
            logErrors({ snapshot, service: name }),
          ]);
          const state = states.find((one) => one.service === name);
          const found = {
            service: name,
            required: !optional.includes(name),
            status: check?.passed === true ? 'running' : (state?.status ?? 'unknown'),
            instances: instances.map(instanceHealth),
            restarts: state?.restarts,
            check,
            ports: published,
            errors,
          };
          return { ...found, problems: problemsOf(found) };
        }),
      );
    },
  };
}
export type HealthActivities = ReturnType<typeof createHealthActivities>;

const instanceHealth = (one: Instance): InstanceHealth => ({
  name: one.name,
  status: one.status,
  health: one.health,
  startedAt: one.startedAt,
  image: one.imageName,
  revision: one.revision,
});

/** Why it is not well. What nobody can look at is no problem of its own. */
export function problemsOf(of: Pick<ServiceHealth, 'status' | 'instances' | 'check'>): readonly string[] {
  const down = of.instances.filter((one) => one.status !== 'running' && one.status !== 'unknown');
  const ill = of.instances.filter((one) => one.health === 'unhealthy' || one.health === 'starting');
  return [
    ...(of.status === 'missing' ? ['it is not there'] : []),
    ...(of.status === 'stopped' && down.length === 0 ? ['it is stopped'] : []),
    ...down.map((one) => `${one.name} is ${one.status}`),
    ...ill.map((one) => `${one.name} is ${one.health ?? ''}`),
    ...(of.check?.passed === false ? [`its health check: ${of.check.answer}`] : []),
  ];
}

async function portsOf(runtime: RuntimePort, handle: ServiceHandle): Promise<string[]> {
  const found = await runtime.published(handle).catch((error: unknown) => {
    // It has no container.
    if (error instanceof SteadyError && error.code === 'service.failed') return [];
    throw error;
  });
  if (found === 'network of the host') return [found];
  const words = ({ address, port, inside }: PublishedPort): string =>
    `${address === '' ? '*' : address.includes(':') ? `[${address}]` : address}:${port}->${inside}`;
  return [...new Set((found as readonly PublishedPort[]).map(words))];
}

async function askNow(
  ports: Ports,
  snapshot: StackSnapshot,
  service: string,
): Promise<ServiceHealth['check']> {
  const health = snapshot.stack.services[service]?.health;
  if (health === undefined) return undefined;
  const signal = AbortSignal.timeout(ASKED_MS);
  try {
    const { passed, answer, seconds } = await ports.probes(snapshot).run(health, { signal });
    return { passed, answer, seconds };
  } catch (error) {
    if (!(error instanceof SteadyError)) throw error;
    const answer = signal.aborted ? `nothing within ${ASKED_MS / 1000} s` : error.message;
    return { passed: false, answer, seconds: ASKED_MS / 1000 };
  }
}
