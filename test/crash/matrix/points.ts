import { generator } from '../../soak/generator.mjs';
import { CUTS, type Cut } from '../rig/cut-proxy.js';
import { activitiesOf, RUNS, scenarios, type ActivityName, type Place, type WorkflowType } from './runs.js';
import type { Scenario } from './scenarios.js';

/** `heartbeat`: at the n-th beat of an activity, or once its effect is done where it ends before that. */
export type Phase = 'before' | 'heartbeat' | 'after';

/** Worker and Temporal are killed with -9 and started again; the connection to storage is cut for some seconds. */
export const VICTIMS = ['worker', 'temporal', 'storage'] as const;
export type Victim = (typeof VICTIMS)[number];

/** Where the fault happens. */
export interface Point {
  readonly victim: Victim;
  /** How storage is cut. */
  readonly cut?: Cut;
  readonly activity: ActivityName;
  /** Those who call it: what the scenario does to get there is another one's. */
  readonly workflows: readonly WorkflowType[];
  readonly phase: Phase;
  readonly beat?: number;
}

/** A scenario, and the faults that happen while it runs, all of one kind, each once, in whatever order they come. */
export interface Case {
  readonly scenario: Scenario;
  readonly place: Place;
  readonly victim: Victim;
  readonly points: readonly Point[];
}

/** Activities that tell progress by heartbeats of their own, from their beginning on. */
export const BEATING: readonly ActivityName[] = [
  ...(['dumpStore', 'verifyBackup', 'previewRestore', 'loadBackup', 'compareLoaded', 'cutOver'] as const),
  ...([
    'undoRestore',
    'keptBeside',
    'releaseReplaced',
    'stopService',
    'startService',
    'restartService',
    'watchLog',
    'awaitHealthy',
    'runChecks',
  ] as const),
  ...([
    'inspectDump',
    'importDump',
    'deleteBackups',
    'findLitter',
    'deleteLitter',
    'checkTools',
    'checkDeploys',
    'checkStore',
    'checkStorage',
    'checkChecks',
  ] as const),
  ...(['checkBackupRights', 'checkProofRights', 'checkChangeRights', 'checkKeeperRights'] as const),
  ...(['checkOwner', 'renewLocks'] as const),
];

/**
 * Every activity of every scenario at every phase, one kill of the worker a run; the other victims as in `sharedCases`,
 * and so all of them where backups are locked.
 */
export function allCases(seed: number): Case[] {
  const random = generator(seed);
  const alone = scenarios().flatMap((scenario) => {
    const place = placeOf(scenario, 'worker');
    return activitiesOf(scenario, place).flatMap((activity) =>
      phasesOf(activity).map((phase) => ({
        ...{ scenario, place, victim: 'worker' as const },
        points: [pointAt({ scenario, victim: 'worker', activity, phase }, random)],
      })),
    );
  });
  const shared = (['temporal', 'storage'] as const).flatMap((victim) =>
    scenarios().flatMap((scenario) => sharedCases({ scenario, victim }, random)),
  );
  const locked = VICTIMS.flatMap((victim) =>
    scenarios()
      .filter((scenario) => RUNS[scenario].locked !== undefined)
      .flatMap((scenario) => sharedCases({ scenario, victim, place: 'locked' }, random)),
  );
  return [...alone, ...shared, ...locked];
}

/**
 * Every activity of a scenario at every phase, with several faults a run: each leaves the run to go on, so that the next
 * one meets it a step later.
 */
function sharedCases(
  of: Pick<Case, 'scenario' | 'victim'> & {
    readonly place?: Place | undefined;
    readonly only?: readonly ActivityName[];
  },
  random: () => number,
): Case[] {
  const { scenario, victim, place = placeOf(scenario, victim) } = of;
  const { only = activitiesOf(scenario, place) } = of;
  return (['before', 'heartbeat', 'after'] as const).flatMap((phase) => {
    const having = only.filter((activity) => phasesOf(activity).includes(phase));
    const points = having.map((activity) => pointAt({ scenario, victim, activity, phase }, random));
    return spread(points).map((some) => ({ scenario, place, victim, points: some }));
  });
}

/** Each of these at every phase with every victim, in the first scenario that has it. */
export function casesOf(activities: readonly ActivityName[], seed: number): Case[] {
  const random = generator(seed);
  const left = new Set(activities);
  const unlocked = scenarios().filter((scenario) => !ONLY_LOCKED.includes(scenario));
  const locked = scenarios().filter((scenario) => RUNS[scenario].locked !== undefined);
  const casesIn = (scenario: Scenario, place?: 'locked'): Case[] => {
    const only = activitiesOf(scenario, place ?? 'bucket').filter((one) => left.delete(one));
    return VICTIMS.flatMap((victim) => sharedCases({ scenario, victim, place, only }, random));
  };
  return [
    ...unlocked.flatMap((scenario) => casesIn(scenario)),
    ...locked.flatMap((scenario) => casesIn(scenario, 'locked')),
  ];
}

/**
 * Every activity once, in the first scenario that has it, with the victim and at the phase that the seed has for it.
 * Several kills a run: most of its time passes until a heartbeat is missed. Where backups are locked, what is run there
 * alone, and some of the rest.
 */
export function rotatingCases(seed: number): Case[] {
  const random = generator(seed);
  const seen = new Set<ActivityName>();
  const runOf = (scenario: Scenario, some: readonly ActivityName[], at?: Place): Case => {
    const victim = pick(VICTIMS, random);
    const points = some.map((activity) =>
      pointAt({ scenario, victim, activity, phase: pick(phasesOf(activity), random) }, random),
    );
    return { scenario, place: at ?? placeOf(scenario, victim), victim, points };
  };
  const cases = scenarios().flatMap((scenario) => {
    const at = ONLY_LOCKED.includes(scenario) ? 'locked' : undefined;
    const fresh = activitiesOf(scenario, at ?? 'bucket').filter((one) => !seen.has(one) && seen.add(one));
    return spread(fresh).map((some) => runOf(scenario, some, at));
  });
  const some = (scenario: Scenario): ActivityName[] => {
    const [run = []] = spread(shuffled(activitiesOf(scenario, 'locked'), random));
    return run.slice(0, KILLS - 1);
  };
  const renewing = pick(['backup', 'prune'] as const, random);
  const changing = pick(['keep', 'restore', 'undo'] as const, random);
  const locked = [
    runOf(renewing, [...new Set(['renewLocks' as const, ...some(renewing)])], 'locked'),
    runOf(changing, some(changing), 'locked'),
  ];
  return interleaved([...locked, ...cases]);
}

/** Those of the long kind apart from each other, from the beginning on. */
function interleaved(cases: readonly Case[]): Case[] {
  const long = cases.filter(({ place }) => place === 'locked');
  const others = cases.filter(({ place }) => place !== 'locked');
  const each = Math.floor(others.length / long.length);
  return long.flatMap((one, at) => [
    one,
    ...others.slice(at * each, at === long.length - 1 ? undefined : (at + 1) * each),
  ]);
}

/** Most of what these run is there only where backups are locked. */
const ONLY_LOCKED: readonly Scenario[] = ['looks', 'check'];

/** In a bucket where there is something to cut, or more to run. */
const placeOf = (scenario: Scenario, victim: Victim): Place =>
  victim === 'storage' || RUNS[scenario].inBucket !== undefined ? 'bucket' : 'folder';

/** Ways to cut storage in the middle of a multipart upload: all, or one by the seed. */
export function multipartCuts(seed: number, all: boolean): Cut[] {
  const cuts = Object.keys(CUTS) as Cut[];
  return all ? cuts : [pick(cuts, generator(seed))];
}

const shuffled = <T>(from: readonly T[], random: () => number): T[] =>
  from
    .map((one) => [random(), one] as const)
    .sort(([a], [b]) => a - b)
    .map(([, one]) => one);

/** Into runs of at most KILLS, each with some from all over the scenario. */
function spread<T>(all: readonly T[]): T[][] {
  const runs = Math.ceil(all.length / KILLS);
  return Array.from({ length: runs }, (_, run) => all.filter((_one, at) => at % runs === run));
}

/** Most faults in one run. */
const KILLS = 5;

const phasesOf = (activity: ActivityName): Phase[] =>
  BEATING.includes(activity) ? ['before', 'heartbeat', 'after'] : ['before', 'after'];

function pointAt(
  of: Pick<Point, 'victim' | 'activity' | 'phase'> & { readonly scenario: Scenario },
  random: () => number,
): Point {
  const { scenario, victim, activity, phase } = of;
  return {
    ...{ victim, activity, phase, workflows: RUNS[scenario].workflows },
    ...(victim === 'storage' && { cut: pick(Object.keys(CUTS) as Cut[], random) }),
    ...(phase === 'heartbeat' && { beat: 1 + Math.floor(random() * 3) }),
  };
}

const pick = <T>(from: readonly T[], random: () => number): T =>
  from[Math.floor(random() * from.length)] as T;
