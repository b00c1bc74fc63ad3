import { setTimeout as sleep } from 'node:timers/promises';
import type { RolloutsPort, Scaler, ServiceHandle, Version } from '../../adapters/runtimes/port.js';
import { SteadyError } from '../../contracts/failures.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { withCall, type ActivityCall } from '../call.js';
import type { Ports } from '../ports.js';
import { serviceHandle } from '../service-handle.js';
import { notHealthy } from '../until-up.js';

interface OfService {
  readonly snapshot: StackSnapshot;
  readonly service: string;
}

interface Told extends OfService {
  /** For whoever looks at the object's own history. */
  readonly cause: string;
}

const LOOK_MS = 1000;

/** Services that their platform rolls out: it is told, and watched. Telling again is nothing, so that running again is safe. */
export function createRolloutActivities(ports: Ports) {
  const of = ({ snapshot, service }: OfService): { port: RolloutsPort; handle: ServiceHandle } => {
    const port = ports.runtime(snapshot).rollouts;
    if (port === undefined)
      throw new SteadyError('deploy.unable', {
        services: `${service}: its runtime rolls nothing out by itself`,
      });
    return { port, handle: serviceHandle(snapshot, service) };
  };
  const tell = async (
    input: OfService,
    title: string,
    body: (port: RolloutsPort, handle: ServiceHandle, call: ActivityCall) => Promise<void>,
  ): Promise<void> => {
    const { port, handle } = of(input);
    await withCall({ title }, async (call) => body(port, handle, call));
  };

  return {
    /** Tells the platform which version of a service it is to run. */
    async tellVersion(
      input: Told & { readonly version: Version; readonly leaves?: number | undefined },
    ): Promise<void> {
      await tell(input, `Tell which version of ${input.service}`, (port, handle, { signal }) =>
        port.change(handle, input.version, { signal, cause: input.cause, leaves: input.leaves }),
      );
    },

    /** Has all instances made anew; `at` (RFC 3339) is the same each time this is tried. */
    async tellRenewal(input: Told & { readonly at: string }): Promise<void> {
      await tell(input, `Renew ${input.service}`, (port, handle, { signal }) =>
        port.renew(handle, { signal, cause: input.cause, at: input.at }),
      );
    },

    async tellCount(input: OfService & { readonly count: number }): Promise<void> {
      await tell(input, `Scale ${input.service}`, (port, handle, { signal }) =>
        port.scale(handle, input.count, { signal }),
      );
    },

    async tellBounds(input: OfService & { readonly bounds: Pick<Scaler, 'min' | 'max'> }): Promise<void> {
      await tell(input, `Bound ${input.service}`, (port, handle, { signal }) =>
        port.setScaler(handle, input.bounds, { signal }),
      );
    },

    /** Nothing scales the service by itself until `releaseScaler`. */
    async holdScaler(input: OfService): Promise<void> {
      await tell(input, `Hold what scales ${input.service}`, (port, handle, { signal }) =>
        port.hold(handle, { signal }),
      );
    },

    async releaseScaler(input: OfService): Promise<void> {
      await tell(input, `Release what scales ${input.service}`, (port, handle, { signal }) =>
        port.release(handle, { signal }),
      );
    },

    /**
     * Waits until the platform runs what it was told; gives how that went. `service.failed`, which nobody tries again,
     * when the platform gives up, or does not come further within the time a service has to become healthy.
     */
    async awaitRollout(input: OfService): Promise<string> {
      const { port, handle } = of(input);
      const within = input.snapshot.stack.services[input.service]?.healthWithin ?? 0;
      return await withCall({ title: `Wait until ${input.service} is rolled out` }, async (call) => {
        const began = performance.now();
        let before = { words: '', at: began };
        for (;;) {
          const { name, rollout } = await port.workload(handle, call);
          if (rollout.failed !== undefined)
            throw notHealthy(input.service, { workload: name, answer: rollout.failed });
          const now = performance.now();
          if (rollout.done) return `${name}: ${rollout.words} after ${((now - began) / 1000).toFixed(1)} s`;
          if (rollout.words !== before.words) before = { words: rollout.words, at: now };
          // Each of many instances has the time that one of them may take.
          if (now - before.at > within * 1000)
            throw notHealthy(input.service, { workload: name, answer: rollout.words, waited: `${within}s` });
          call.say(rollout.words);
          await sleep(LOOK_MS, undefined, { signal: call.signal }).catch(() => {
            throw new SteadyError('cancelled', { service: input.service });
          });
        }
      });
    },
  };
}
export type RolloutActivities = ReturnType<typeof createRolloutActivities>;
