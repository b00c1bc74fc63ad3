import { z } from 'zod';

/** What of Kubernetes' objects is read here: apps/v1, core/v1, autoscaling/v2. */
const metadata = z.object({
  name: z.string(),
  uid: z.string().default(''),
  generation: z.number().optional(),
  labels: z.record(z.string(), z.string()).default({}),
  annotations: z.record(z.string(), z.string()).default({}),
  creationTimestamp: z.string().optional(),
  deletionTimestamp: z.string().optional(),
});

const envSchema = z.looseObject({ name: z.string() });
/** A variable as an object has it: a value, or where it comes from. */
export type EnvEntry = z.infer<typeof envSchema>;

const containerSchema = z.object({
  name: z.string(),
  image: z.string(),
  env: z.array(envSchema).default([]),
  resources: z
    .object({ limits: z.record(z.string(), z.union([z.string(), z.number()])).default({}) })
    .prefault({}),
});
export type ContainerObject = z.infer<typeof containerSchema>;

export const workloadSchema = z.object({
  kind: z.enum(['Deployment', 'StatefulSet', 'DaemonSet']),
  metadata,
  spec: z.object({
    replicas: z.number().optional(),
    paused: z.boolean().optional(),
    selector: z.object({
      matchLabels: z.record(z.string(), z.string()).default({}),
      matchExpressions: z.array(z.unknown()).optional(),
    }),
    strategy: z.object({ type: z.string().optional() }).optional(),
    updateStrategy: z.object({ type: z.string().optional() }).optional(),
    template: z.object({
      metadata: z.object({ annotations: z.record(z.string(), z.string()).default({}) }).prefault({}),
      spec: z.object({ containers: z.array(containerSchema) }),
    }),
  }),
  status: z
    .object({
      observedGeneration: z.number().optional(),
      replicas: z.number().default(0),
      updatedReplicas: z.number().default(0),
      readyReplicas: z.number().default(0),
      availableReplicas: z.number().default(0),
      currentRevision: z.string().optional(),
      updateRevision: z.string().optional(),
      desiredNumberScheduled: z.number().default(0),
      updatedNumberScheduled: z.number().default(0),
      numberAvailable: z.number().default(0),
      conditions: z
        .array(
          z.object({
            type: z.string(),
            status: z.string(),
            reason: z.string().optional(),
            message: z.string().optional(),
          }),
        )
        .default([]),
    })
    .prefault({}),
});
export type WorkloadObject = z.infer<typeof workloadSchema>;

const containerStatus = z.object({
  name: z.string(),
  ready: z.boolean().default(false),
  restartCount: z.number().default(0),
  state: z
    .object({
      running: z.object({ startedAt: z.string().optional() }).optional(),
      waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).optional(),
      terminated: z.object({ reason: z.string().optional(), exitCode: z.number().optional() }).optional(),
    })
    .prefault({}),
});

export const podSchema = z.object({
  metadata: metadata.extend({
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string() })).default([]),
  }),
  spec: z.object({ containers: z.array(containerSchema) }),
  status: z
    .object({
      phase: z.string().default('Unknown'),
      podIP: z.string().optional(),
      startTime: z.string().optional(),
      containerStatuses: z.array(containerStatus).default([]),
      conditions: z
        .array(z.object({ type: z.string(), status: z.string(), message: z.string().optional() }))
        .default([]),
    })
    .prefault({}),
});
export type Pod = z.infer<typeof podSchema>;

export const scalerSchema = z.object({
  metadata,
  spec: z.object({
    scaleTargetRef: z.object({ kind: z.string(), name: z.string() }),
    minReplicas: z.number().default(1),
    maxReplicas: z.number(),
  }),
});
export type ScalerObject = z.infer<typeof scalerSchema>;

/** A past template: of a Deployment a ReplicaSet, of the others a ControllerRevision. */
export const pastSchema = z.object({
  metadata: metadata.extend({
    ownerReferences: z.array(z.object({ kind: z.string(), name: z.string(), uid: z.string() })).default([]),
  }),
  /** Of a ControllerRevision. */
  revision: z.number().optional(),
});

/** Reads one object, or the items of a list; throws a ZodError when it is none. */
export const parseObject = <T extends z.ZodType>(schema: T, json: string): z.infer<T> =>
  schema.parse(JSON.parse(json));
export const parseItems = <T extends z.ZodType>(schema: T, json: string): z.infer<T>[] =>
  z.object({ items: z.array(schema) }).parse(JSON.parse(json)).items;

/** What is written into objects by us. */
export const OURS = {
  /** At a template: the revision that it is. */
  revision: 'steadyhand.dev/revision',
  /** At a template: when it was told to be made anew. */
  renewed: 'steadyhand.dev/renewed-at',
  /** At a workload: which past template a revision was that we had not made. */
  found: 'steadyhand.dev/found-revision-',
  /** At a workload: what our settings lie over, to put it back. */
  overlaid: 'steadyhand.dev/overlaid',
  /** At a workload: instances before it was stopped. */
  count: 'steadyhand.dev/replicas',
  /** At a scaler that is held: the bounds it goes back to. */
  held: 'steadyhand.dev/held-bounds',
  /** Kubernetes' own, shown by `kubectl rollout history`. */
  cause: 'kubernetes.io/change-cause',
} as const;
