import type { Activities } from '../../../src/activities/index.js';
import type * as workflows from '../../../src/workflows/index.js';
import type { Scenario } from './scenarios.js';

type NamesOf<A> = A extends unknown ? keyof A : never;
export type ActivityName = NamesOf<Activities[keyof Activities]>;
export type WorkflowType = keyof typeof workflows;

/** Where a lane's backups lie; locked: in a bucket with Object Lock, encrypted, with Redis among the stores. */
export type Place = 'folder' | 'bucket' | 'locked';

/** What a scenario is about: the activities of workflows of these types, at all of which it is interrupted. */
interface About {
  readonly workflows: readonly WorkflowType[];
  readonly activities: readonly ActivityName[];
  /** More of them where backups lie in a bucket. */
  readonly inBucket?: readonly ActivityName[];
  /** And where they are locked and encrypted; left out: it is not run there. */
  readonly locked?: readonly ActivityName[];
}

/** Those that need containers: killed by test/cli/deploy/crash.docker.test.ts. */
export const IN_DOCKER: readonly ActivityName[] = [
  ...(['serviceFacts', 'listRevisions', 'fetchImage', 'writeRevision', 'writeVerdict', 'holdImage'] as const),
  ...(['growService', 'awaitInstances', 'sendTraffic', 'awaitDrained', 'removeInstance'] as const),
  'settleTraffic',
];

/** Those that need jobs and hours besides: killed by test/cli/deploy/crash-steps.docker.test.ts. */
export const WITH_STEPS: readonly ActivityName[] = [
  ...(['closedNow', 'requireRoom', 'requireOwnSecrets', 'runJob', 'removeJob', 'freezeTarget'] as const),
];

/** Those that need a cluster: killed by test/cli/deploy/crash.kubernetes.test.ts. */
export const IN_KUBERNETES: readonly ActivityName[] = [
  ...(['holdScaler', 'tellVersion', 'tellCount', 'awaitRollout', 'releaseScaler', 'tellBounds'] as const),
  'tellRenewal',
];

/** Killed by tests of their own, with what they need. */
export const ELSEWHERE: readonly ActivityName[] = [...IN_DOCKER, ...WITH_STEPS, ...IN_KUBERNETES];

/** Workflows that live on: what they do besides is another scenario's. */
export const ENTITIES: readonly WorkflowType[] = ['target', 'storage', 'ledger', 'watch'];

/** What a restore does before anything is cut over, beside or in place. */
const RESTORE = [
  ...(['selectBackups', 'claimBackups', 'previewRestore', 'storesNotBack', 'frozenTargets'] as const),
  ...(['requestLock', 'loadBackup', 'compareLoaded', 'serviceStates', 'stopService', 'cutOver'] as const),
  ...(['startService', 'awaitHealthy', 'unclaimBackups', 'submitRecord'] as const),
];

/** Held after each case against the histories of what has run: none is missing here, and none is too many. */
export const RUNS: Readonly<Record<Scenario, About>> = {
  backup: {
    workflows: ['backup', 'backupStore', 'ledger'],
    activities: [
      ...([
        'openStack',
        'requestLock',
        'serviceStates',
        'storesNotBack',
        'stopService',
        'dumpStore',
      ] as const),
      ...(['startService', 'awaitHealthy', 'seal', 'claimBackups', 'verifyBackup', 'writeProof'] as const),
      ...(['unclaimBackups', 'ledgerHead', 'lastChanges', 'writeSet', 'planPrune', 'beginDelete'] as const),
      ...(['deleteBackups', 'endDelete', 'submitRecord', 'appendRecord'] as const),
    ],
    locked: ['renewLocks'],
  },
  verify: {
    workflows: ['verify'],
    activities: [
      ...(['selectBackups', 'claimBackups', 'verifyBackup', 'writeProof', 'unclaimBackups'] as const),
      'submitRecord',
    ],
  },
  imported: {
    workflows: ['importDumps', 'ledger'],
    activities: [
      ...(['openStack', 'inspectDump', 'findImported', 'importDump', 'seal', 'submitRecord'] as const),
      'appendRecord',
    ],
  },
  prune: {
    workflows: ['prune', 'ledger'],
    activities: [
      ...([
        'planPrune',
        'beginDelete',
        'deleteBackups',
        'endDelete',
        'submitRecord',
        'appendRecord',
      ] as const),
    ],
    locked: ['renewLocks'],
  },
  restore: { workflows: ['restore'], activities: [...RESTORE, 'runChecks', 'keptBeside'], locked: [] },
  inPlace: {
    workflows: ['restore'],
    activities: [...RESTORE, 'openStack', 'dumpStore', 'seal', 'mark', 'runChecks', 'releaseReplaced'],
  },
  into: {
    workflows: ['restore'],
    activities: [
      ...([
        'selectBackups',
        'claimBackups',
        'previewRestore',
        'loadBackup',
        'compareLoaded',
        'cutOver',
      ] as const),
      ...(['unclaimBackups', 'submitRecord'] as const),
    ],
  },
  putBack: { workflows: ['restore'], activities: [...RESTORE, 'undoRestore', 'keptBeside'] },
  undo: {
    workflows: ['undoRestore'],
    activities: [
      ...([
        'frozenTargets',
        'lastChanges',
        'requestLock',
        'holdState',
        'storesNotBack',
        'serviceStates',
      ] as const),
      ...([
        'stopService',
        'undoRestore',
        'startService',
        'awaitHealthy',
        'runChecks',
        'submitRecord',
      ] as const),
    ],
    locked: [],
  },
  released: {
    workflows: ['hold'],
    activities: ['requestLock', 'storesNotBack', 'releaseReplaced', 'submitRecord'],
  },
  sweep: {
    workflows: ['sweep'],
    activities: ['findLitter', 'beginDelete', 'deleteLitter', 'endDelete', 'submitRecord'],
  },
  discard: { workflows: ['storage'], activities: ['discardAttempt'] },
  terminated: { workflows: ['target', 'storage'], activities: ['isRunning'] },
  apply: { workflows: ['storage'], activities: ['keepConfig'] },
  services: {
    workflows: ['changeServices', 'look'],
    activities: [
      ...(['serviceStates', 'storesNotBack', 'requestLock', 'stopService', 'startService'] as const),
      ...(['awaitHealthy', 'serviceInstances', 'restartService', 'logErrors', 'watchLog'] as const),
      ...(['readLog', 'queryLog', 'submitRecord'] as const),
    ],
  },
  keep: { workflows: ['mark'], activities: ['mark', 'submitRecord'], locked: [] },
  looks: {
    workflows: ['look'],
    activities: ['standings', 'listBackups', 'showBackup', 'serviceStates', 'serviceHealth'],
    locked: ['tampering', 'testKey'],
  },
  check: {
    workflows: ['check'],
    activities: ['checkTools', 'checkStore', 'checkStorage', 'checkChecks', 'checkDeploys'],
    inBucket: ['checkBackupRights', 'checkProofRights', 'checkChangeRights', 'checkKeeperRights'],
    locked: ['checkOwner'],
  },
  told: { workflows: ['watch', 'notify'], activities: ['observe', 'ledgerHead', 'deliver'] },
};

/** The activities of a scenario in such a lane. */
export function activitiesOf(scenario: Scenario, place: Place): readonly ActivityName[] {
  const { activities, inBucket = [], locked = [] } = RUNS[scenario];
  if (place === 'folder') return activities;
  return place === 'bucket' ? [...activities, ...inBucket] : [...activities, ...inBucket, ...locked];
}

export const scenarios = (): Scenario[] => Object.keys(RUNS) as Scenario[];
