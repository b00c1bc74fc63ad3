import type { Instance, Version } from '../../activities/deploy/versions.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { Strategy } from '../../contracts/stack/deploy.js';
import { fail } from '../shared/failures.js';
import type { Run } from '../shared/run.js';
import type { RunActivities } from '../shared/run-activities.js';
import type { Checkpoint } from './control.js';
import { showLog } from '../services/logs.js';
import { isOf } from './version-of.js';

export interface Rolling {
  readonly snapshot: StackSnapshot;
  readonly service: string;
  readonly version: Version;
  /** Instances of it at the end, and none of another. */
  readonly count: number;
  readonly strategy: Strategy;
  /** What runs of other versions is not trusted: no request goes there as soon as one of this version is up. */
  readonly away?: boolean;
  /** Asked before each change: a person may have paused or aborted it. Left out on the way back. */
  readonly checkpoint?: Checkpoint;
}

/** Forward or back: the same activities, by another patience. */
type Hands = RunActivities['change'] | RunActivities['undo'];

/**
 * Makes a service run as one version, so many times, whatever runs of it now. Each look begins anew, so that it can be
 * begun anywhere: after a crash, or on the way back.
 */
export async function roll(run: Run, hands: Hands, rolling: Rolling): Promise<void> {
  const { service, version, count, strategy, away = false } = rolling;
  const look = async (): Promise<Split> => split(await instancesOf(run, rolling), version);
  await removeStopped(run, hands, rolling, (await look()).old);
  if (away) await leaveOthers(run, hands, rolling, await look());
  const still = Date.now();
  const stopped = strategy === 'recreate' && (await stopOld(run, hands, rolling, (await look()).old));
  // Each round starts one or ends one.
  for (let round = 0; ; round++) {
    if (round > 2 * (count + MOST_INSTANCES))
      throw fail('internal', { error: `${service} does not come to rest` });
    await rolling.checkpoint?.();
    const { own, old } = await look();
    if (own.length < count) await startOne(run, hands, rolling, { own, old });
    else {
      const victim = old[0] ?? own[count];
      if (victim === undefined) break;
      await endOne(run, hands, rolling, victim);
      continue;
    }
    await rolling.checkpoint?.();
    const now = await look();
    const victim = now.old[0];
    if (victim !== undefined && now.old.length > count - now.own.length)
      await endOne(run, hands, rolling, victim);
  }
  if (hasRouter(rolling))
    await run.step(`Leave the requests to ${service} with those that run`, async (note) => {
      note(await hands.settleTraffic(ofService(rolling)));
    });
  if (stopped)
    await run.step(`Look how long ${service} stood still`, (note) => {
      note(`${((Date.now() - still) / 1000).toFixed(1)} s`);
      return Promise.resolve();
    });
}

/** More instances of one service than anybody has on one machine. */
const MOST_INSTANCES = 200;

interface Split {
  /** Of the version, running. */
  readonly own: readonly Instance[];
  /** All others, running or not. */
  readonly old: readonly Instance[];
}

function split(instances: readonly Instance[], version: Version): Split {
  const own = instances.filter((one) => one.status === 'running' && isOf(one, version));
  return { own, old: instances.filter((one) => !own.includes(one)) };
}

const ofService = ({ snapshot, service }: Rolling) => ({ snapshot, service });
const hasRouter = ({ snapshot, service }: Rolling): boolean =>
  snapshot.stack.services[service]?.router !== undefined;
const instancesOf = async (run: Run, rolling: Rolling): Promise<readonly Instance[]> =>
  await run.activities.quick.serviceInstances(ofService(rolling));

async function removeStopped(
  run: Run,
  hands: Hands,
  rolling: Rolling,
  old: readonly Instance[],
): Promise<void> {
  const stopped = old.filter((one) => one.status === 'stopped');
  if (stopped.length === 0) return;
  // Compose would start them with the new ones.
  await run.step(`Remove ${stopped.map((one) => one.name).join(', ')}, which do not run`, async () => {
    for (const { id } of stopped) await hands.removeInstance({ ...ofService(rolling), id });
  });
}

/** Requests go to those that are trusted alone, if there are any. */
async function leaveOthers(run: Run, hands: Hands, rolling: Rolling, { own, old }: Split): Promise<void> {
  if (!hasRouter(rolling) || own.length === 0 || old.length === 0) return;
  await run.step(`Send requests to ${own.map((one) => one.name).join(', ')} alone`, async (note) => {
    note(await hands.sendTraffic({ ...ofService(rolling), to: own }));
  });
}

/** Whether there was one. */
async function stopOld(run: Run, hands: Hands, rolling: Rolling, old: readonly Instance[]): Promise<boolean> {
  if (old.length === 0) return false;
  const { service } = rolling;
  if (hasRouter(rolling))
    await run.step(`Send no requests to ${service}`, async (note) => {
      note(await hands.sendTraffic({ ...ofService(rolling), to: [] }));
      for (const instance of old.filter((one) => one.status === 'running'))
        note(await hands.awaitDrained({ ...ofService(rolling), instance }));
    });
  await run.step(`Stop ${old.map((one) => one.name).join(', ')}`, async () => {
    for (const { id } of old) await hands.removeInstance({ ...ofService(rolling), id });
  });
  return true;
}

async function startOne(run: Run, hands: Hands, rolling: Rolling, { own, old }: Split): Promise<void> {
  const { service, version, count } = rolling;
  const at = own.length + 1;
  // Those that carry no label are not counted by who makes them.
  const unnamed = own.filter((one) => one.revision === undefined).length;
  await run.step(`Start ${service} as revision ${version.revision}, ${at} of ${count}`, () =>
    hands.growService({ ...ofService(rolling), version, count: at - unnamed }),
  );
  const ids = await freshIds(run, rolling, own);
  try {
    await run.step(`Wait until ${service} ${at} of ${count} is healthy`, async (note) => {
      note(await hands.awaitInstances({ ...ofService(rolling), ids }));
    });
  } catch (error) {
    await showLog(run, ofService(rolling));
    throw error;
  }
  if (!hasRouter(rolling)) return;
  const serving = await run.activities.quick.serviceInstances(ofService(rolling));
  const to = serving.filter(
    (one) =>
      one.status === 'running' &&
      (ids.includes(one.id) ||
        own.some(({ id }) => id === one.id) ||
        (rolling.away !== true && old.some(({ id }) => id === one.id))),
  );
  await run.step(`Send requests to ${service} ${at} of ${count} too`, async (note) => {
    note(await hands.sendTraffic({ ...ofService(rolling), to }));
  });
}

/** Those that were made since. */
async function freshIds(run: Run, rolling: Rolling, before: readonly Instance[]): Promise<readonly string[]> {
  const now = await instancesOf(run, rolling);
  return now
    .filter((one) => one.revision === rolling.version.revision && !before.some(({ id }) => id === one.id))
    .map((one) => one.id);
}

async function endOne(run: Run, hands: Hands, rolling: Rolling, victim: Instance): Promise<void> {
  const { service } = rolling;
  if (hasRouter(rolling) && victim.status === 'running') {
    const others = (await instancesOf(run, rolling)).filter(
      (one) => one.id !== victim.id && one.status === 'running',
    );
    const trusted = rolling.away === true ? others.filter((one) => isOf(one, rolling.version)) : others;
    await run.step(`Send no more requests to ${victim.name}`, async (note) => {
      note(await hands.sendTraffic({ ...ofService(rolling), to: trusted }));
      note(await hands.awaitDrained({ ...ofService(rolling), instance: victim }));
    });
  }
  await run.step(`Stop ${victim.name}, which ${service} no longer needs`, () =>
    hands.removeInstance({ ...ofService(rolling), id: victim.id }),
  );
}
