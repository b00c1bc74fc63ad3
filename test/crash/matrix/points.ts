import type { Activities } from '../../../src/activities/index.js';
import { CUTS, type Cut } from '../rig/cut-proxy.js';
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
  readonly phase: Phase;
  readonly beat?: number;
}

/** A scenario, and the faults that happen while it runs, all of one kind, each once, in whatever order they come. */
export interface Case {
  readonly scenario: Scenario;
  readonly victim: Victim;
  readonly points: readonly Point[];
}

type NamesOf<A> = A extends unknown ? keyof A : never;
export type ActivityName = NamesOf<Activities[keyof Activities]>;

/** Which activities each scenario runs. That none is missing is a test: they are enumerated from the code. */
export const RUNS: Readonly<Record<Scenario, readonly ActivityName[]>> = {
  backup: [
    ...([
      'openStack',
      'requestLock',
      'serviceStates',
      'storesNotBack',
      'stopService',
      'dumpStore',
      'startService',
    ] as const),
    ...(['awaitHealthy', 'seal', 'claimBackups', 'verifyBackup', 'writeProof', 'unclaimBackups'] as const),
    ...(['ledgerHead', 'lastChanges', 'writeSet', 'planPrune', 'beginDelete', 'deleteBackups'] as const),
    ...(['endDelete', 'submitRecord', 'appendRecord'] as const),
  ],
  verify: ['selectBackups', 'claimBackups', 'verifyBackup', 'writeProof', 'unclaimBackups', 'submitRecord'],
  imported: [
    'openStack',
    'inspectDump',
    'findImported',
    'importDump',
    'seal',
    'submitRecord',
    'appendRecord',
  ],
  prune: ['planPrune', 'beginDelete', 'deleteBackups', 'endDelete', 'submitRecord', 'appendRecord'],
  restore: [
    ...(['selectBackups', 'claimBackups', 'previewRestore', 'frozenTargets', 'requestLock'] as const),
    ...(['loadBackup', 'compareLoaded', 'serviceStates', 'stopService', 'cutOver', 'startService'] as const),
    ...(['awaitHealthy', 'runChecks', 'keptBeside', 'unclaimBackups', 'submitRecord'] as const),
  ],
  inPlace: [
    ...(['previewRestore', 'stopService', 'openStack', 'dumpStore', 'seal', 'mark', 'loadBackup'] as const),
    ...(['compareLoaded', 'cutOver', 'startService', 'releaseReplaced'] as const),
  ],
  into: ['selectBackups', 'previewRestore', 'loadBackup', 'compareLoaded', 'cutOver', 'unclaimBackups'],
  putBack: ['undoRestore', 'keptBeside', 'submitRecord'],
  undo: [
    'frozenTargets',
    'lastChanges',
    'requestLock',
    'holdState',
    'serviceStates',
    'stopService',
    'undoRestore',
    'startService',
    'runChecks',
  ],
  released: ['releaseReplaced'],
  sweep: ['findLitter', 'deleteLitter'],
  discard: ['discardAttempt'],
  terminated: ['isRunning'],
  apply: ['keepConfig'],
  keep: ['mark'],
  looks: ['standings', 'listBackups', 'showBackup'],
  check: ['checkTools', 'checkStore', 'checkStorage', 'checkChecks'],
  told: ['observe', 'deliver'],
};

/** What these stacks have not: an identity, a bucket, a lock, a store with a reader. */
export const NOT_KILLED: readonly ActivityName[] = [
  ...(['testKey', 'tampering', 'renewLocks', 'checkOwner'] as const),
  ...(['checkBackupRights', 'checkProofRights', 'checkChangeRights', 'checkKeeperRights'] as const),
];

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
];

/** Every activity of every scenario at every phase, one kill of the worker a run; the other victims as in `shared`. */
export function allCases(seed: number): Case[] {
  const random = createRandom(seed);
  const alone = scenarios().flatMap(([scenario, activities]) =>
    activities.flatMap((activity) =>
      phasesOf(activity).map((phase) => ({
        scenario,
        victim: 'worker' as const,
        points: [pointAt('worker', activity, phase, random)],
      })),
    ),
  );
  return [...alone, ...sharedCases('temporal', random), ...sharedCases('storage', random)];
}

/**
 * Every activity of every scenario at every phase, with several faults a run: each leaves the run to go on, so that the
 * next one meets it a step later.
 */
function sharedCases(victim: Victim, random: () => number): Case[] {
  return scenarios().flatMap(([scenario, activities]) =>
    (['before', 'heartbeat', 'after'] as const).flatMap((phase) => {
      const having = activities.filter((activity) => phasesOf(activity).includes(phase));
      const points = having.map((activity) => pointAt(victim, activity, phase, random));
      return spread(points).map((some) => ({ scenario, victim, points: some }));
    }),
  );
}

/**
 * Every activity once, in the first scenario that has it, with the victim and at the phase that the seed has for it.
 * Several kills a run: most of its time passes until a heartbeat is missed.
 */
export function rotatingCases(seed: number): Case[] {
  const random = createRandom(seed);
  const seen = new Set<ActivityName>();
  return scenarios().flatMap(([scenario, activities]) => {
    const fresh = activities.filter((activity) => !seen.has(activity) && seen.add(activity));
    return spread(fresh).map((some) => {
      const victim = pick(VICTIMS, random);
      const points = some.map((activity) =>
        pointAt(victim, activity, pick(phasesOf(activity), random), random),
      );
      return { scenario, victim, points };
    });
  });
}

/** Into runs of at most KILLS, each with some from all over the scenario. */
function spread<T>(all: readonly T[]): T[][] {
  const runs = Math.ceil(all.length / KILLS);
  return Array.from({ length: runs }, (_, run) => all.filter((_one, at) => at % runs === run));
}

/** Most faults in one run. */
const KILLS = 5;

const scenarios = () => Object.entries(RUNS) as [Scenario, readonly ActivityName[]][];

const phasesOf = (activity: ActivityName): Phase[] =>
  BEATING.includes(activity) ? ['before', 'heartbeat', 'after'] : ['before', 'after'];

const pointAt = (victim: Victim, activity: ActivityName, phase: Phase, random: () => number): Point => ({
  victim,
  activity,
  phase,
  ...(victim === 'storage' && { cut: pick(Object.keys(CUTS) as Cut[], random) }),
  ...(phase === 'heartbeat' && { beat: 1 + Math.floor(random() * 3) }),
});

const pick = <T>(from: readonly T[], random: () => number): T =>
  from[Math.floor(random() * from.length)] as T;

/** Mulberry32: the same numbers for the same seed, on every machine. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
