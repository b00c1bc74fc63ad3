import type {
  Instance,
  InstancesPort,
  ServiceHandle,
  Version,
  Workload,
} from '../../adapters/runtimes/port.js';
import { SteadyError } from '../../contracts/failures.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { Image } from '../../contracts/stored/revision.js';
import { withCall } from '../call.js';
import { imageNameOf } from './image-name.js';
import type { Ports } from '../ports.js';
import { serviceHandle } from '../service-handle.js';
import { untilServing } from './until-serving.js';

/** For workflows, which know activities alone. */
export type { Instance, Version, Workload } from '../../adapters/runtimes/port.js';

interface OfService {
  readonly snapshot: StackSnapshot;
  readonly service: string;
}

/** How a service runs that is to be deployed. */
export interface ServiceFacts {
  readonly service: string;
  readonly instances: readonly Instance[];
  /** What its instances are made of, where the engine still has it. */
  readonly images: readonly Image[];
  /** Why two instances cannot run at a time. */
  readonly obstacles: readonly string[];
  /** Where its platform rolls it out by itself: what that was told. */
  readonly workload?: Workload | undefined;
}

/** Instances of one version of a service beside those of another. Each looks first, so that running again is safe. */
export function createVersionActivities(ports: Ports) {
  const several = ({ snapshot, service }: OfService): { port: InstancesPort; handle: ServiceHandle } => {
    const port = ports.runtime(snapshot).several;
    if (port === undefined)
      throw new SteadyError('deploy.unable', {
        services: `${service}: its runtime has one instance of it, made outside`,
      });
    return { port, handle: serviceHandle(snapshot, service) };
  };

  return {
    /** Reading only. */
    async serviceFacts(input: {
      snapshot: StackSnapshot;
      services: readonly string[];
    }): Promise<ServiceFacts[]> {
      const { snapshot, services } = input;
      const [first] = services;
      if (first === undefined) return [];
      const runtime = ports.runtime(snapshot);
      const { rollouts } = runtime;
      if (rollouts !== undefined)
        return await Promise.all(
          services.map(async (service) => {
            const handle = serviceHandle(snapshot, service);
            const [instances, workload] = await Promise.all([
              runtime.instances(handle),
              rollouts.workload(handle),
            ]);
            return { service, instances, workload, obstacles: [], images: [workload.image] };
          }),
        );
      const { port } = several({ snapshot, service: first });
      return await Promise.all(
        services.map(async (service) => {
          const handle = serviceHandle(snapshot, service);
          const [instances, obstacles] = await Promise.all([
            runtime.instances(handle),
            port.obstacles(handle),
          ]);
          const names = new Map(instances.flatMap((one) => (one.image ? [[one.image, one.imageName]] : [])));
          const images = await Promise.all(
            [...names].map(async ([id, name]) => {
              const found = await port.findImage(id ?? '');
              return found && { ...found, name: name ?? found.name };
            }),
          );
          return { service, instances, obstacles, images: images.flatMap((one) => one ?? []) };
        }),
      );
    },

    /** Pulls an image, and tells what it is. */
    async fetchImage(
      input: OfService & { readonly image: string; readonly pulled?: boolean },
    ): Promise<Image & { readonly notes: readonly string[] }> {
      // The nodes pull: what it is they will see.
      if (ports.runtime(input.snapshot).rollouts !== undefined)
        return { ...namedImage(input.image), notes: [] };
      const { port } = several(input);
      return await withCall({ title: `Fetch ${input.image}` }, async ({ signal }) =>
        port.fetchImage(input.image, { signal, pulled: input.pulled }),
      );
    },

    /**
     * Makes sure that the image of a revision is here, by the name it was kept under, else by its digest; and keeps it
     * under that name. `image.missing` when nobody has it any more.
     */
    async holdImage(input: OfService & { readonly version: Version }): Promise<void> {
      const { port, handle } = several(input);
      const { image, revision } = input.version;
      const kept = imageNameOf(input.snapshot.stack.stack, handle.name, revision);
      await withCall({ title: `Keep ${kept}` }, async ({ signal }) => {
        const here = await port.findImage(image.id, { signal });
        if (here === undefined) {
          const fetched = await port.fetchImage(image.digest ?? image.name, { signal });
          if (fetched.id !== image.id)
            throw new SteadyError('image.missing', {
              image: image.name,
              says: `what there is now is ${fetched.id}, it was ${image.id}`,
            });
        }
        await port.keepImage(image, kept, { signal });
      });
    },

    /** Starts instances until so many of the version run. */
    async growService(
      input: OfService & { readonly version: Version; readonly count: number },
    ): Promise<void> {
      const { port, handle } = several(input);
      const keptAs = imageNameOf(input.snapshot.stack.stack, handle.name, input.version.revision);
      await withCall({ title: `Start ${input.service}` }, async ({ signal }) =>
        port.grow(handle, { ...input.version, keptAs }, input.count, { signal }),
      );
    },

    /** Waits until these instances serve; gives how they are. Fails with `service.failed`, which nobody tries again. */
    async awaitInstances(input: OfService & { readonly ids: readonly string[] }): Promise<string> {
      const { snapshot, service, ids } = input;
      return await withCall({ title: `Wait until ${service} is healthy` }, async (call) =>
        untilServing(
          {
            runtime: ports.runtime(snapshot),
            probes: ports.probes(snapshot),
            service: snapshot.stack.services[service],
          },
          { handle: serviceHandle(snapshot, service), ids, signal: call.signal },
        ),
      );
    },

    /** Stops an instance, with its drain time, and removes it. */
    async removeInstance(input: OfService & { readonly id: string }): Promise<void> {
      const { port, handle } = several(input);
      await withCall({ title: `Stop ${input.service}` }, async ({ signal }) =>
        port.remove(handle, input.id, { signal }),
      );
    },
  };
}
export type VersionActivities = ReturnType<typeof createVersionActivities>;

const namedImage = (name: string): Image => ({
  name,
  id: name,
  ...(name.includes('@sha256:') && { digest: name }),
});
