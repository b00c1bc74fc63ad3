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

export interface Case extends Point {
  readonly scenario: Scenario;
}

type NamesOf<A> = A extends unknown ? keyof A : never;
export type ActivityName = NamesOf<Activities[keyof Activities]>;

/** Which activities each scenario runs. That none is missing is a test: they are enumerated from the code. */
export const RUNS: Readonly<Record<Scenario, readonly ActivityName[]>> = {
  backup: [
    ...(['openStack', 'requestLock', 'serviceStates', 'stopService', 'dumpStore', 'startService'] as const),
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

/** Every activity of every scenario at every phase. */
export function allCases(): Case[] {
  return Object.entries(RUNS).flatMap(([scenario, activities]) =>
    activities.flatMap((activity) =>
      phasesOf(activity).map((phase) => ({ scenario: scenario as Scenario, activity, phase })),
    ),
  );
}

const phasesOf = (activity: ActivityName): Phase[] =>
  BEATING.includes(activity) ? ['before', 'heartbeat', 'after'] : ['before', 'after'];

/** Every activity once, in one of its scenarios at one of its phases, as the seed has it. */
export function rotatingCases(seed: number): Case[] {
  const random = createRandom(seed);
  const byActivity = new Map<ActivityName, Case[]>();
  for (const one of allCases()) byActivity.set(one.activity, [...(byActivity.get(one.activity) ?? []), one]);
  return [...byActivity.values()].map((cases) => cases[Math.floor(random() * cases.length)] as Case);
}

/** The cases with the number of the beat, where one is needed. */
export function withBeats(cases: readonly Case[], seed: number): Case[] {
  const random = createRandom(seed + 1);
  return cases.map((one) =>
    one.phase === 'heartbeat' ? { ...one, beat: 1 + Math.floor(random() * 3) } : one,
  );
}

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
