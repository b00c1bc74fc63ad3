import type { Activities } from '../../../src/activities/index.js';
import type { Scenario } from './scenarios.js';

/** `heartbeat`: at the n-th beat of an activity, or once its effect is done where it ends before that. */
export type Phase = 'before' | 'heartbeat' | 'after';

/** Where the worker is killed. */
export interface Point {
  readonly activity: ActivityName;
  readonly phase: Phase;
  readonly beat?: number;
}

/** A scenario, and where the worker is killed while it runs, each once, in whatever order they come. */
export interface Case {
  readonly scenario: Scenario;
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
      'unresolvedStores',
      'stopService',
      'dumpStore',
      'startService',
    ] as const),
    ...(['awaitHealthy', 'seal', 'claimBackups', 'verifyBackup', 'writeProof', 'unclaimBackups'] as const),
    ...(['ledgerHead', 'lastChanges', 'writeSet', 'planPrune', 'beginDelete', 'deleteBackups'] as const),
    ...(['endDelete', 'submitRecord', 'appendRecord'] as const),
  ],
  verify: ['selectBackups', 'claimBackups', 'verifyBackup', 'writeProof', 'unclaimBackups', 'submitRecord'],
  prune: ['planPrune', 'beginDelete', 'deleteBackups', 'endDelete', 'submitRecord', 'appendRecord'],
  restore: [
    ...(['selectBackups', 'claimBackups', 'previewRestore', 'frozenTargets', 'requestLock'] as const),
    ...(['loadBackup', 'compareLoaded', 'serviceStates', 'stopService', 'cutOver', 'startService'] as const),
    ...(['awaitHealthy', 'runChecks', 'unclaimBackups', 'submitRecord'] as const),
  ],
  inPlace: [
    ...(['previewRestore', 'stopService', 'openStack', 'dumpStore', 'seal', 'mark', 'loadBackup'] as const),
    ...(['compareLoaded', 'cutOver', 'startService', 'releaseReplaced'] as const),
  ],
  into: ['selectBackups', 'previewRestore', 'loadBackup', 'compareLoaded', 'cutOver', 'unclaimBackups'],
  putBack: ['undoRestore', 'submitRecord'],
  undo: [
    'frozenTargets',
    'requestLock',
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
};

/** Reads the header of an object, with an identity that these stacks have not. */
export const NOT_KILLED: readonly ActivityName[] = ['testKey'];

/** Activities that tell progress by heartbeats of their own, from their beginning on. */
const BEATING: readonly ActivityName[] = [
  ...(['dumpStore', 'verifyBackup', 'previewRestore', 'loadBackup', 'compareLoaded', 'cutOver'] as const),
  ...([
    'undoRestore',
    'releaseReplaced',
    'stopService',
    'startService',
    'awaitHealthy',
    'runChecks',
  ] as const),
  ...(['deleteBackups', 'findLitter', 'deleteLitter', 'checkStore', 'checkStorage', 'checkChecks'] as const),
];

/** Every activity of every scenario at every phase, one kill a run. */
export function allCases(seed: number): Case[] {
  const random = createRandom(seed);
  return scenarios().flatMap(([scenario, activities]) =>
    activities.flatMap((activity) =>
      phasesOf(activity).map((phase) => ({ scenario, points: [pointAt(activity, phase, random)] })),
    ),
  );
}

/**
 * Every activity once, in the first scenario that has it, at the phase the seed has for it. Several kills a run: most of
 * its time passes until a heartbeat is missed.
 */
export function rotatingCases(seed: number): Case[] {
  const random = createRandom(seed);
  const seen = new Set<ActivityName>();
  return scenarios().flatMap(([scenario, activities]) => {
    const points = activities
      .filter((activity) => !seen.has(activity) && seen.add(activity))
      .map((activity) => {
        const phases = phasesOf(activity);
        return pointAt(activity, phases[Math.floor(random() * phases.length)] as Phase, random);
      });
    // Each run gets points from all over the scenario.
    const runs = Math.ceil(points.length / KILLS);
    return Array.from({ length: runs }, (_, run) => ({
      scenario,
      points: points.filter((_point, at) => at % runs === run),
    }));
  });
}

/** Most kills in one run. */
const KILLS = 5;

const scenarios = () => Object.entries(RUNS) as [Scenario, readonly ActivityName[]][];

const phasesOf = (activity: ActivityName): Phase[] =>
  BEATING.includes(activity) ? ['before', 'heartbeat', 'after'] : ['before', 'after'];

const pointAt = (activity: ActivityName, phase: Phase, random: () => number): Point =>
  phase === 'heartbeat' ? { activity, phase, beat: 1 + Math.floor(random() * 3) } : { activity, phase };

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
