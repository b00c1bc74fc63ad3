import type { Instance } from '../adapters/runtimes/port.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { withCall } from './call.js';
import type { Ports } from './ports.js';
import { serviceHandle } from './service-handle.js';
import { notHealthy, untilUp } from './until-up.js';

interface OfService {
  readonly snapshot: StackSnapshot;
  readonly service: string;
}

/** The single containers, pods or processes of a service. */
export function createInstanceActivities(ports: Ports) {
  return {
    async serviceInstances({ snapshot, service }: OfService): Promise<Instance[]> {
      return await ports.runtime(snapshot).instances(serviceHandle(snapshot, service));
    },

    /**
     * Restarts the instances that were there `before`, one after another: each serves before the next one goes. Gives a
     * line each. Safe to repeat: one that has been started since is left alone.
     */
    async restartService(input: OfService & { readonly before: readonly Instance[] }): Promise<string[]> {
      const { snapshot, service, before } = input;
      return await withCall({ title: `Restart ${service}` }, async (call) => {
        const runtime = ports.runtime(snapshot);
        const handle = serviceHandle(snapshot, service);
        const config = snapshot.stack.services[service];
        const lines: string[] = [];
        for (const [at, was] of before.entries()) {
          const now = (await runtime.instances(handle, call)).find((one) => one.id === was.id);
          if (now === undefined) {
            lines.push(`${was.name} is gone since this began`);
            continue;
          }
          call.say(`${was.name}, ${at + 1} of ${before.length}`);
          if (!hasRestarted(now, was)) await runtime.restart(handle, was.id, call);
          const words = await untilUp(runtime, handle, {
            ids: [was.id],
            withinSeconds: config?.healthWithin ?? 0,
            signal: call.signal,
          });
          // While this one begins, the others serve: the next one goes when the service as a whole answers.
          if (at + 1 < before.length && config?.health !== undefined) {
            const asked = await ports
              .probes(snapshot)
              .until(config.health, { withinSeconds: config.healthWithin, signal: call.signal });
            if (!asked.passed) throw notHealthy(service, { instance: was.name, answer: asked.answer });
          }
          lines.push(`${was.name} ${words}`);
        }
        return lines;
      });
    },
  };
}
export type InstanceActivities = ReturnType<typeof createInstanceActivities>;

const hasRestarted = (now: Instance, was: Instance): boolean =>
  now.start !== '' && now.start !== was.start && now.status !== 'stopped';
