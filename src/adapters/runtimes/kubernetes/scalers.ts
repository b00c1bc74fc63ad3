import { z } from 'zod';
import { SteadyError } from '../../../contracts/failures.js';
import type { CallOptions, RolloutsPort, Scaler, ServiceHandle } from '../port.js';
import { getObjects, patchObject } from './argv.js';
import type { Cluster } from './cluster.js';
import { OURS, parseItems, scalerSchema, type ScalerObject, type WorkloadObject } from './objects.js';

const boundsSchema = z.object({ min: z.number(), max: z.number() });
type Bounds = z.infer<typeof boundsSchema>;

export interface Scalers extends Pick<RolloutsPort, 'hold' | 'release' | 'setScaler'> {
  find(workload: WorkloadObject, options?: CallOptions): Promise<Scaler | undefined>;
}

/** HorizontalPodAutoscalers. One that is held has one number as both bounds, and those it goes back to as an annotation. */
export function createScalers(cluster: Cluster): Scalers {
  const { target, run } = cluster;
  const objectOf = async (
    { kind, metadata }: WorkloadObject,
    options?: CallOptions,
  ): Promise<ScalerObject | undefined> => {
    const { stdout } = await run(getObjects(target, { kind: 'hpa' }), options);
    return parseItems(scalerSchema, stdout).find(
      ({ spec }) => spec.scaleTargetRef.kind === kind && spec.scaleTargetRef.name === metadata.name,
    );
  };
  const heldBounds = ({ metadata }: ScalerObject): Bounds | undefined => {
    const text = metadata.annotations[OURS.held];
    return text === undefined ? undefined : boundsSchema.parse(JSON.parse(text));
  };
  const write = async (
    scaler: ScalerObject,
    { min, max }: Bounds,
    held: Bounds | null,
    options?: CallOptions,
  ): Promise<void> => {
    const patch = {
      metadata: { annotations: { [OURS.held]: held === null ? null : JSON.stringify(held) } },
      spec: { minReplicas: min, maxReplicas: max },
    };
    const object = `hpa/${scaler.metadata.name}`;
    await run(patchObject(target, { object, type: 'merge', patch }), options);
  };
  const boundsOf = ({ spec }: ScalerObject): Bounds => ({ min: spec.minReplicas, max: spec.maxReplicas });
  const ofService = async (
    service: ServiceHandle,
    options?: CallOptions,
  ): Promise<{ readonly workload: WorkloadObject; readonly scaler: ScalerObject | undefined }> => {
    const workload = await cluster.workload(service, options);
    return { workload, scaler: await objectOf(workload, options) };
  };

  return {
    async find(workload, options) {
      const scaler = await objectOf(workload, options);
      if (scaler === undefined) return undefined;
      const held = heldBounds(scaler);
      return { name: `hpa/${scaler.metadata.name}`, ...(held ?? boundsOf(scaler)), held: held !== undefined };
    },

    async hold(service, options) {
      const { workload, scaler } = await ofService(service, options);
      // It leaves a workload of no instances alone by itself, and cannot have 0 as its bounds.
      const count = workload.spec.replicas ?? 1;
      if (scaler === undefined || count === 0 || heldBounds(scaler) !== undefined) return;
      await write(scaler, { min: count, max: count }, boundsOf(scaler), options);
    },

    async release(service, options) {
      const { scaler } = await ofService(service, options);
      const held = scaler && heldBounds(scaler);
      if (scaler === undefined || held === undefined) return;
      await write(scaler, held, null, options);
    },

    async setScaler(service, bounds, options) {
      const { scaler } = await ofService(service, options);
      if (scaler === undefined)
        throw new SteadyError(
          'service.failed',
          { service: service.name, error: 'nothing scales it by itself' },
          { retryable: false },
        );
      const held = heldBounds(scaler);
      if (held === undefined) await write(scaler, bounds, null, options);
      else await write(scaler, boundsOf(scaler), bounds, options);
    },
  };
}
