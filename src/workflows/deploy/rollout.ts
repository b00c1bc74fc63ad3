import { workflowInfo } from '@temporalio/workflow';
import type { Version } from '../../activities/deploy/versions.js';
import type { Bounds } from '../../contracts/runs/deploy.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { showLog } from '../services/logs.js';
import type { Run } from '../shared/run.js';
import type { RunActivities } from '../shared/run-activities.js';
import type { Checkpoint } from './control.js';

export interface Rollout {
  readonly snapshot: StackSnapshot;
  readonly service: string;
  /** Left out: it stays what it is. */
  readonly version?: Version | undefined;
  /** The revision that it is until then: what it was told as that can be told again. */
  readonly leaves?: number | undefined;
  /** Left out: as many as there are. */
  readonly count?: number | undefined;
  /** Of what scales it by itself; left out: they stay. */
  readonly bounds?: Bounds | undefined;
  /** Asked before each change: a person may have paused or aborted it. Left out on the way back. */
  readonly checkpoint?: Checkpoint | undefined;
}

/** Forward or back: the same activities, by another patience. */
type Hands = RunActivities['change'] | RunActivities['undo'];

/**
 * Has the platform of a service roll out what is wanted, and waits until it has. Telling again is nothing, so that it can
 * be begun anywhere: after a crash, or on the way back. What scales it by itself stands still meanwhile.
 */
export async function rollOut(run: Run, hands: Hands, rollout: Rollout): Promise<void> {
  const { snapshot, service, version, leaves, count, bounds, checkpoint } = rollout;
  const of = { snapshot, service };
  const told = { ...of, cause: workflowInfo().workflowId };
  await checkpoint?.();
  await run.step(`Hold what scales ${service}`, () => hands.holdScaler(of));
  if (version !== undefined)
    await run.step(`Tell the cluster to run ${service} as revision ${version.revision}`, () =>
      hands.tellVersion({ ...told, version, leaves }),
    );
  await checkpoint?.();
  if (count !== undefined)
    await run.step(`Tell the cluster to run ${service} ${count} times`, () =>
      hands.tellCount({ ...of, count }),
    );
  await untilRolledOut(run, hands, of);
  await run.step(`Let ${service} be scaled by itself again`, async (note) => {
    await hands.releaseScaler(of);
    if (bounds === undefined) return;
    await hands.tellBounds({ ...of, bounds });
    note(`${bounds.min} to ${bounds.max}`);
  });
}

/** Waits, and shows the log of what did not come up. */
export async function untilRolledOut(
  run: Run,
  hands: Hands,
  of: { readonly snapshot: StackSnapshot; readonly service: string },
): Promise<void> {
  const { health } = of.snapshot.stack.services[of.service] ?? {};
  try {
    await run.step(`Wait until ${of.service} is rolled out`, async (note) => {
      note(await hands.awaitRollout(of));
      if (health !== undefined) note(await hands.awaitHealthy(of));
    });
  } catch (error) {
    await showLog(run, of);
    throw error;
  }
}
