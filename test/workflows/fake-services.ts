import type { JobsPort, RuntimePort, ServiceHandle, ServiceState } from '../../src/adapters/runtimes/port.js';
import type { ProbesPort } from '../../src/adapters/probes/port.js';
import type { CheckConfig } from '../../src/contracts/stack/checks.js';
import type { FakeFleet } from './fake-fleet.js';
import type { Script } from './script.js';

/** Services by name, and whether they run. */
export type FakeServices = Map<string, 'running' | 'stopped'>;

export function createFakeRuntime(
  services: FakeServices,
  script: Script,
  logs: ReadonlyMap<string, string>,
  fleet: FakeFleet,
  jobs: JobsPort,
): RuntimePort {
  const notHere = (): never => {
    throw new Error('a fake runtime places no tools');
  };
  const count = new Map<string, number>();
  const starts = (name: string): string => `${name} ${count.get(name) ?? 0}`;
  const state = (service: ServiceHandle): ServiceState => ({
    service: service.name,
    status: services.get(service.name) ?? 'missing',
  });
  return {
    kind: 'host',
    place: notHere,
    placeBeside: notHere,
    placeOnVolume: notHere,
    openThrowaway: notHere,
    endMarked: () => Promise.resolve(),
    published: () => Promise.resolve([]),
    state: (service) => Promise.resolve(state(service)),
    states: (all) => Promise.resolve(all.map(state)),
    async stop(service, options) {
      await script.enter(`stop ${service.name}`, options?.signal);
      services.set(service.name, 'stopped');
    },
    async start(service, options) {
      await script.enter(`start ${service.name}`, options?.signal);
      services.set(service.name, 'running');
    },
    several: fleet.several,
    room: () => Promise.resolve(fleet.room),
    jobs: {
      ...jobs,
      async begin(job, options) {
        await script.enter(
          `job ${job.id.slice(0, -13)} as ${job.version?.image.name ?? 'its files say'}`,
          options?.signal,
        );
        await jobs.begin(job, options);
      },
    },
    instances: (service) =>
      Promise.resolve(
        fleet.of(service.name).length > 0 || !services.has(service.name)
          ? fleet.instances(service.name)
          : services.has(service.name)
            ? [
                {
                  id: service.name,
                  name: service.name,
                  start: starts(service.name),
                  status: state(service).status,
                },
              ]
            : [],
      ),
    async restart(service, id, options) {
      if (fleet.of(service.name).length > 0) {
        await script.enter(`restart ${id}`, options?.signal);
        return;
      }
      await script.enter(`restart ${service.name}`, options?.signal);
      services.set(service.name, 'running');
      count.set(service.name, (count.get(service.name) ?? 0) + 1);
    },
    logs: (service) => Promise.resolve(logs.get(service.name) ?? ''),
  };
}

/**
 * Checks that pass unless their answer is scripted: health checks as `health <host of the url>`, the user's own as
 * `ask <host of the url>`.
 */
export function createFakeProbes(answers: ReadonlyMap<string, string>, script: Script): ProbesPort {
  const hostOf = (check: CheckConfig): string => (check.http ? new URL(check.http.url).hostname : 'none');
  const ask = async (what: string, signal?: AbortSignal) => {
    await script.enter(what, signal);
    const wrong = answers.get(what);
    return { passed: wrong === undefined, answer: wrong ?? 'ok', seconds: 0.01 };
  };
  return {
    run: (check, options) => ask(`ask ${hostOf(check)}`, options?.signal),
    until: (check, options) => ask(`health ${hostOf(check)}`, options.signal),
  };
}
