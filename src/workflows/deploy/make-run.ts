import { workflowInfo } from '@temporalio/workflow';
import type { Version } from '../../activities/deploy/versions.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { Run } from '../shared/run.js';
import type { Checkpoint } from './control.js';
import type { ServicePlan } from './plan.js';
import { roll } from './roll.js';
import { rollOut } from './rollout.js';

/** Makes a service run as a version; should the run fail, it runs as it did before. */
export async function makeRun(
  run: Run,
  { service, strategy, count, before, workload, bounds }: ServicePlan,
  of: {
    readonly snapshot: StackSnapshot;
    readonly version: Version;
    readonly from: Version | undefined;
    readonly checkpoint: Checkpoint;
    /** Data were changed for good: what ran before might not run on them. */
    readonly isHeld: () => boolean;
  },
): Promise<void> {
  const { snapshot, version, from, checkpoint, isHeld } = of;
  const { change, undo } = run.activities;
  const back = `run ${service} as it did before`;
  if (workload === undefined) {
    const away = { version: from ?? version, count: from ? before : 0, away: true };
    run.compensate(back, async () =>
      isHeld() ? leave(run, of, service) : roll(run, undo, { snapshot, service, strategy, ...away }),
    );
    await roll(run, change, { snapshot, service, strategy, version, count, checkpoint });
    return;
  }
  const { scaler } = workload;
  run.compensate(back, async () =>
    isHeld()
      ? leave(run, of, service)
      : rollOut(run, undo, {
          ...{ snapshot, service, count: before },
          version: from,
          bounds: scaler && { min: scaler.min, max: scaler.max },
        }),
  );
  await rollOut(run, change, {
    ...{ snapshot, service, bounds, checkpoint, leaves: from?.revision },
    ...(from?.revision !== version.revision && { version }),
    ...(count !== before && { count }),
  });
}

/** Nothing more is changed of it: a person decides which version the data are for. */
async function leave(
  run: Run,
  { snapshot }: { readonly snapshot: StackSnapshot },
  service: string,
): Promise<string[]> {
  const { workflowId } = workflowInfo();
  const reason = `${workflowId} failed after a change of data that cannot be undone`;
  await run.activities.undo.freezeTarget({
    stack: snapshot.stack.stack,
    target: service,
    freeze: { by: workflowId, reason, at: new Date().toISOString() },
  });
  return [`left as it is, and frozen: ${reason}`];
}
