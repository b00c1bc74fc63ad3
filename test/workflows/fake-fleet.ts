import { createHash } from 'node:crypto';
import type { Instance, InstancesPort, Room } from '../../src/adapters/runtimes/port.js';
import type { RouterPort, Upstream } from '../../src/adapters/routers/port.js';
import { SteadyError } from '../../src/contracts/failures.js';
import type { Image, Settings } from '../../src/contracts/stored/revision.js';
import type { Script } from './script.js';

export interface FakeInstance {
  readonly id: string;
  readonly image: Image;
  readonly revision?: number;
  readonly settings: Settings;
  status: 'running' | 'stopped';
  health: 'healthy' | 'unhealthy';
  readonly address: string;
}

/** Services with several instances of several versions, and a router before them, in memory. */
export interface FakeFleet {
  readonly several: InstancesPort;
  readonly router: RouterPort;
  /** Images that a registry would give. */
  readonly registry: Set<string>;
  /** Images that never become healthy. */
  readonly ill: Set<string>;
  readonly obstacles: Map<string, string[]>;
  /** What is free where instances run. */
  room: Room;
  /** What was done to a service while a request for it would have failed, in words; empty when all went well. */
  readonly outages: string[];
  /** Makes instances as others do, without a revision. */
  run(service: string, image: string, count: number): void;
  of(service: string): readonly FakeInstance[];
  instances(service: string): Instance[];
  /** Which instances requests go to. */
  reached(service: string): string[];
  /** Which images requests go to, one an instance. */
  served(service: string): string[];
}

const imageOf = (name: string): Image => ({
  name,
  id: `sha256:${createHash('sha256').update(name).digest('hex')}`,
});

export function createFakeFleet(script: Script): FakeFleet {
  const fleets = new Map<string, FakeInstance[]>();
  const routes = new Map<string, readonly Upstream[]>();
  const here = new Map<string, Image>();
  const registry = new Set<string>();
  const ill = new Set<string>();
  const obstacles = new Map<string, string[]>();
  const outages: string[] = [];
  let made = 0;
  const of = (service: string): FakeInstance[] => fleets.get(service) ?? [];

  /** Where requests for a service arrive now. By its own name: at all that run. */
  const reached = (service: string): FakeInstance[] => {
    const route = routes.get(service);
    const up = of(service).filter((one) => one.status === 'running');
    if (route === undefined || route.some(({ address }) => address === service)) return up;
    return of(service).filter((one) => route.some(({ address }) => address === one.address));
  };
  const watch = (service: string, after: string): void => {
    const to = reached(service);
    if (to.length === 0 && routes.get(service)?.length !== 0)
      outages.push(`${service}: nobody after ${after}`);
    for (const one of to)
      if (one.status !== 'running' || one.health !== 'healthy')
        outages.push(`${service}: ${one.id} is ${one.status}, ${one.health} after ${after}`);
  };
  const make = (service: string, image: Image, version?: { revision: number; settings: Settings }): void => {
    made++;
    const health = ill.has(image.name) ? 'unhealthy' : 'healthy';
    fleets.set(service, [
      ...of(service),
      {
        id: `${service}-${made}`,
        image,
        settings: version?.settings ?? { env: {} },
        ...(version && { revision: version.revision }),
        status: 'running',
        health,
        address: `10.0.0.${made}`,
      },
    ]);
  };

  const several: InstancesPort = {
    obstacles: ({ name }) => Promise.resolve(obstacles.get(name) ?? []),
    findImage: (name) =>
      Promise.resolve([...here.values()].find((one) => one.id === name || one.name === name)),
    async fetchImage(name, options) {
      await script.enter(`fetch ${name}`, options?.signal);
      if (!registry.has(name)) throw new SteadyError('image.missing', { image: name, says: 'not found' });
      here.set(name, imageOf(name));
      return { ...imageOf(name), notes: [] };
    },
    keepImage: (image, name) => {
      here.set(name, image);
      return Promise.resolve();
    },
    async grow({ name }, { revision, image, settings }, count, options) {
      await script.enter(`grow ${name} to ${count} of ${image.name}`, options?.signal);
      const own = of(name).filter((one) => one.revision === revision && one.status === 'running').length;
      for (let at = own; at < count; at++) make(name, image, { revision, settings });
    },
    async remove({ name }, id, options) {
      await script.enter(`remove ${id}`, options?.signal);
      fleets.set(
        name,
        of(name).filter((one) => one.id !== id),
      );
      watch(name, `removal of ${id}`);
    },
  };

  const router: RouterPort = {
    kind: 'nginx',
    label: 'a router',
    async set({ upstream, to }, { signal }) {
      await script.enter(`route ${upstream}`, signal);
      routes.set(upstream, to);
      watch(upstream, `a route to ${to.map((one) => one.address).join(', ') || 'nobody'}`);
      return 'changed';
    },
    current: (upstream) => Promise.resolve(routes.get(upstream)),
    connections: () => Promise.resolve(0),
    check: () => Promise.resolve(),
  };

  return {
    several,
    router,
    registry,
    ill,
    obstacles,
    room: {},
    outages,
    of,
    reached: (service) => reached(service).map((one) => one.id),
    served: (service) => reached(service).map((one) => one.image.name),
    run(service, image, count) {
      here.set(image, imageOf(image));
      for (let at = 0; at < count; at++) make(service, imageOf(image));
    },
    instances: (service) =>
      of(service).map(({ id, image, revision, status, health, address }) => ({
        id,
        name: id,
        start: id,
        status,
        health,
        image: image.id,
        imageName: image.name,
        addresses: { net: address },
        ...(revision !== undefined && { revision }),
      })),
  };
}
