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
const BEATING: readonly ActivityName[] = [
  ...(['dumpStore', 'verifyBackup', 'previewRestore', 'loadBackup', 'compareLoaded', 'cutOver'] as const),
  ...([
    'undoRestore',
    'keptBeside',
    'releaseReplaced',
    'stopService',
    'startService',
    'awaitHealthy',
    'runChecks',
  ] as const),
  ...([
    'inspectDump',
    'importDump',
    'deleteBackups',
    'findLitter',
    'deleteLitter',
    'checkStore',
    'checkStorage',
    'checkChecks',
  ] as const),
  ...(['checkBackupRights', 'checkProofRights', 'checkChangeRights', 'checkKeeperRights'] as const),
];

/** Every activity of every scenario at every phase, one kill of the worker a run; the other victims as in `sharedCases`. */
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
  return [...alone, ...sharedCases('temporal', random), ...sharedCases('storage', random)];
}

/**
 * Every activity of every scenario at every phase, with several faults a run: each leaves the run to go on, so that the
 * next one meets it a step later.
 */
function sharedCases(victim: Victim, random: () => number): Case[] {
  return scenarios().flatMap((scenario) =>
    (['before', 'heartbeat', 'after'] as const).flatMap((phase) => {
      const place = placeOf(scenario, victim);
      const having = activitiesOf(scenario, place).filter((activity) => phasesOf(activity).includes(phase));
      const points = having.map((activity) => pointAt({ scenario, victim, activity, phase }, random));
      return spread(points).map((some) => ({ scenario, place, victim, points: some }));
    }),
  );
}

/**
 * Every activity once, in the first scenario that has it, with the victim and at the phase that the seed has for it.
 * Several kills a run: most of its time passes until a heartbeat is missed.
 */
export function rotatingCases(seed: number): Case[] {
  const random = generator(seed);
  const seen = new Set<ActivityName>();
  return scenarios().flatMap((scenario) => {
    const all = activitiesOf(scenario, 'bucket');
    const fresh = all.filter((activity) => !seen.has(activity) && seen.add(activity));
    return spread(fresh).map((some) => {
      const victim = pick(VICTIMS, random);
      const points = some.map((activity) =>
        pointAt({ scenario, victim, activity, phase: pick(phasesOf(activity), random) }, random),
      );
      return { scenario, place: placeOf(scenario, victim), victim, points };
    });
  });
}

/** In a bucket where there is something to cut, or more to run. */
const placeOf = (scenario: Scenario, victim: Victim): Place =>
  victim === 'storage' || RUNS[scenario].inBucket !== undefined ? 'bucket' : 'folder';

/** Ways to cut storage in the middle of a multipart upload: all, or one by the seed. */
export function multipartCuts(seed: number, all: boolean): Cut[] {
  const cuts = Object.keys(CUTS) as Cut[];
  return all ? cuts : [pick(cuts, generator(seed))];
}

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
