import { setTimeout as sleep } from 'node:timers/promises';
import type { Instance } from '../../adapters/runtimes/port.js';
import type { RouterPort, Upstream } from '../../adapters/routers/port.js';
import { SteadyError } from '../../contracts/failures.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { RoutedConfig } from '../../contracts/stack/routers.js';
import { withCall } from '../call.js';
import type { Ports } from '../ports.js';
import { serviceHandle } from '../service-handle.js';

interface OfService {
  readonly snapshot: StackSnapshot;
  readonly service: string;
}

const LOOK_MS = 200;

/** Who gets the requests for a service. */
export function createTrafficActivities(ports: Ports) {
  const routedOf = ({ snapshot, service }: OfService): { routed: RoutedConfig; router: RouterPort } => {
    const routed = snapshot.stack.services[service]?.router;
    if (routed === undefined)
      throw new SteadyError('config.invalid', { service, error: 'no router sends it requests' });
    return { routed, router: ports.router(snapshot, routed.name) };
  };
  /** Networks that the router is in; undefined where it is on the machine itself, and reaches all. */
  const networksOf = async ({ snapshot, service }: OfService): Promise<readonly string[] | undefined> => {
    const name = snapshot.stack.services[service]?.router?.name ?? '';
    const inside = snapshot.stack.routers[name]?.nginx?.service;
    if (inside === undefined) return undefined;
    const handle = { name: inside, drainSeconds: 0 };
    const [first] = await ports.runtime(snapshot).instances(handle);
    return Object.keys(first?.addresses ?? {});
  };
  const upstreamOf = async (of: OfService, instance: Instance): Promise<Upstream> => {
    const { routed } = routedOf(of);
    const networks = await networksOf(of);
    const found = Object.entries(instance.addresses ?? {}).find(
      ([network]) => networks?.includes(network) ?? true,
    );
    if (found === undefined)
      throw new SteadyError('router.failed', {
        service: of.service,
        error: `${instance.name} has no address in a network of the router`,
      });
    return { address: found[1], port: routed.port };
  };

  return {
    /** Sends requests for a service to these instances and no others; no instance: it is told to be down. */
    async sendTraffic(input: OfService & { readonly to: readonly Instance[] }): Promise<string> {
      const { routed, router } = routedOf(input);
      return await withCall({ title: `Send requests to ${input.service}` }, async (call) => {
        const to = await Promise.all(input.to.map(async (one) => upstreamOf(input, one)));
        const { upstream = input.service, keepalive } = routed;
        await router.set({ upstream, to, keepalive }, call);
        const names = input.to.map((one) => one.name).join(', ');
        return names === '' ? `${router.label}: nobody` : `${router.label}: ${names}`;
      });
    },

    /**
     * Leaves the router with a configuration that is right also after containers got other addresses: the service's own
     * name, where the router knows it; all that runs, by address, where it does not.
     */
    async settleTraffic(input: OfService): Promise<string> {
      const { snapshot, service } = input;
      const { routed, router } = routedOf(input);
      return await withCall({ title: `Settle the requests to ${service}` }, async (call) => {
        const { upstream = service, keepalive, port } = routed;
        const handle = serviceHandle(snapshot, service);
        const inside = (await networksOf(input)) !== undefined;
        const running = (await ports.runtime(snapshot).instances(handle, call)).filter(
          (one) => one.status === 'running',
        );
        const to =
          inside && running.length > 0
            ? [{ address: handle.container ?? service, port }]
            : await Promise.all(running.map(async (one) => upstreamOf(input, one)));
        await router.set({ upstream, to, keepalive }, call);
        return `${router.label}: ${to.map((one) => `${one.address}:${one.port}`).join(', ') || 'nobody'}`;
      });
    },

    /**
     * Waits until the router has no connection to an instance any more, at most for the drain time; gives how that went,
     * in words. Requests that take longer are ended with it.
     */
    async awaitDrained(input: OfService & { readonly instance: Instance }): Promise<string> {
      const { router } = routedOf(input);
      const limit = snapshotDrain(input);
      return await withCall({ title: `Wait for the requests to ${input.instance.name}` }, async (call) => {
        const to = await upstreamOf(input, input.instance);
        const began = performance.now();
        for (;;) {
          const open = await router.connections(to, call);
          const seconds = (performance.now() - began) / 1000;
          if (open === 0) return `${input.instance.name}: no request under way after ${seconds.toFixed(1)} s`;
          if (seconds > limit)
            return `${input.instance.name}: ${open} connections still open after ${limit} s`;
          call.say(`${open} connections open`);
          await sleep(LOOK_MS, undefined, { signal: call.signal }).catch(() => {
            throw new SteadyError('cancelled', { service: input.service });
          });
        }
      });
    },
  };
}
export type TrafficActivities = ReturnType<typeof createTrafficActivities>;

const snapshotDrain = ({ snapshot, service }: OfService): number =>
  snapshot.stack.services[service]?.drain ?? 0;
