import { SteadyError } from '../../../contracts/failures.js';
import type { CallOptions, RolloutsPort, ServiceHandle, Version } from '../port.js';
import { serviceFailure } from '../service-failure.js';
import { getObjects, patchObject, rolloutUndo, scaleWorkload } from './argv.js';
import { containerOf, workloadName, type Cluster } from './cluster.js';
import { managerOf } from './managed.js';
import { OURS, parseItems, pastSchema, type WorkloadObject } from './objects.js';
import { annotationPatch, overlaidBy, parseOverlaid, templatePatch, versionPatch } from './patches.js';
import { rolloutOf } from './progress.js';
import type { Scalers } from './scalers.js';

/** Numbers of Deployments' rollouts are an annotation of their ReplicaSets. */
const ROLLOUT = 'deployment.kubernetes.io/revision';

/** Workloads of a cluster, whose controllers roll out what they are told. */
export function createRollouts(cluster: Cluster, scalers: Scalers): RolloutsPort {
  const { target, run } = cluster;
  const patch = async (service: ServiceHandle, body: object, options?: CallOptions): Promise<void> => {
    const argv = patchObject(target, { object: workloadName(service), patch: body });
    await run(argv, options).catch(serviceFailure(service.name, 'start'));
  };

  /** The past templates that its controller still has, by name. */
  const pastOf = async (workload: WorkloadObject, options?: CallOptions) => {
    const { kind, metadata, spec } = workload;
    const selector = Object.entries(spec.selector.matchLabels)
      .map(([name, value]) => `${name}=${value}`)
      .join(',');
    const of = kind === 'Deployment' ? 'replicasets' : 'controllerrevisions';
    const { stdout } = await run(getObjects(target, { kind: of, selector }), options);
    return parseItems(pastSchema, stdout)
      .filter((one) => one.metadata.ownerReferences.some(({ uid }) => uid === metadata.uid))
      .map((one) => ({
        name: one.metadata.name,
        rollout: one.revision ?? Number(one.metadata.annotations[ROLLOUT] ?? 0),
      }))
      .sort((a, b) => a.rollout - b.rollout);
  };

  /** Which rollout was that revision, where the object was told it before and the controller still has it. */
  const rolloutAs = async (
    workload: WorkloadObject,
    { revision }: Version,
    options?: CallOptions,
  ): Promise<number | undefined> => {
    const name = workload.metadata.annotations[`${OURS.found}${revision}`];
    if (name === undefined) return undefined;
    return (await pastOf(workload, options)).find((one) => one.name === name)?.rollout;
  };

  return {
    async workload(service, options) {
      const found = await cluster.workload(service, options);
      const [pods, scaler] = await Promise.all([cluster.pods(found, options), scalers.find(found, options)]);
      const { image } = containerOf(service, found);
      const revision = found.spec.template.metadata.annotations[OURS.revision];
      const managedBy = managerOf(found);
      return {
        name: workloadName(service),
        count: found.kind === 'DaemonSet' ? found.status.desiredNumberScheduled : (found.spec.replicas ?? 1),
        image: { name: image, id: image, ...(image.includes('@sha256:') && { digest: image }) },
        ...(revision !== undefined && { revision: Number(revision) }),
        recreates: found.spec.strategy?.type === 'Recreate',
        ...(managedBy !== undefined && { managedBy }),
        ...(scaler && { scaler }),
        rollout: rolloutOf(found, pods),
      };
    },

    async change(service, version, options) {
      const found = await cluster.workload(service, options);
      const container = containerOf(service, found);
      if (isTold(found, container.image, version)) return;
      const before = parseOverlaid(found.metadata.annotations[OURS.overlaid]);
      const current = (await pastOf(found, options)).at(-1);
      const { leaves } = options;
      const notes = {
        [OURS.cause]: options.cause,
        [OURS.overlaid]: JSON.stringify(overlaidBy(version, container, before)),
        ...(leaves !== undefined && current !== undefined && { [`${OURS.found}${leaves}`]: current.name }),
      };
      const rollout = await rolloutAs(found, version, options);
      if (rollout === undefined) {
        await patch(
          service,
          { ...annotationPatch(notes), ...versionPatch(container.name, version, before) },
          options,
        );
        return;
      }
      // First the note: should we die in between, what comes back is told again by its template.
      await patch(service, annotationPatch(notes), options);
      await run(rolloutUndo(target, { workload: workloadName(service), rollout }), options).catch(
        serviceFailure(service.name, 'start'),
      );
    },

    async renew(service, { at, cause, ...options }) {
      await patch(
        service,
        { ...annotationPatch({ [OURS.cause]: cause }), ...templatePatch({ [OURS.renewed]: at }) },
        options,
      );
    },

    async scale(service, count, options) {
      const found = await cluster.workload(service, options);
      if (found.kind === 'DaemonSet')
        throw new SteadyError('deploy.unable', {
          services: `${service.name}: a DaemonSet runs once on each node`,
        });
      const scaler = await scalers.find(found, options);
      if (scaler !== undefined && !scaler.held && count > 0 && (count < scaler.min || count > scaler.max))
        throw new SteadyError('service.failed', {
          service: service.name,
          error: `${scaler.name} would undo it: it keeps ${scaler.min} to ${scaler.max}`,
        });
      // For whoever starts it again.
      const before = found.spec.replicas ?? 1;
      if (count === 0 && before > 0)
        await patch(service, annotationPatch({ [OURS.count]: String(before) }), options);
      if (scaler?.held === true && count > 0) await holdAt(count);
      await run(scaleWorkload(target, { workload: workloadName(service), count }), options).catch(
        serviceFailure(service.name, 'start'),
      );

      /** One that is held keeps the number that it was held at. */
      async function holdAt(number: number): Promise<void> {
        const name = scaler?.name ?? '';
        const spec = { minReplicas: number, maxReplicas: number };
        await run(patchObject(target, { object: name, type: 'merge', patch: { spec } }), options);
      }
    },

    setScaler: scalers.setScaler,
    hold: scalers.hold,
    release: scalers.release,
  };
}

/** Whether the object has been told that version. */
function isTold({ spec }: WorkloadObject, image: string, version: Version): boolean {
  const told = spec.template.metadata.annotations[OURS.revision];
  return told === String(version.revision) && image === (version.image.digest ?? version.image.name);
}
