import type { Activities } from '../../../src/activities/index.js';
import type * as workflows from '../../../src/workflows/index.js';
import type { Scenario } from './scenarios.js';

type NamesOf<A> = A extends unknown ? keyof A : never;
export type ActivityName = NamesOf<Activities[keyof Activities]>;
export type WorkflowType = keyof typeof workflows;

/** Where a lane's backups lie. */
export type Place = 'folder' | 'bucket';

/** What a scenario is about: the activities of workflows of these types, at all of which it is interrupted. */
interface About {
  readonly workflows: readonly WorkflowType[];
  readonly activities: readonly ActivityName[];
  /** More of them where backups lie in a bucket. */
  readonly inBucket?: readonly ActivityName[];
}

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
  },
  restore: { workflows: ['restore'], activities: [...RESTORE, 'runChecks', 'keptBeside'] },
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
  keep: { workflows: ['mark'], activities: ['mark', 'submitRecord'] },
  looks: { workflows: ['look'], activities: ['standings', 'listBackups', 'showBackup', 'serviceStates'] },
  check: {
    workflows: ['check'],
    activities: ['checkTools', 'checkStore', 'checkStorage', 'checkChecks'],
    inBucket: ['checkBackupRights', 'checkProofRights', 'checkChangeRights', 'checkKeeperRights'],
  },
  told: { workflows: ['watch', 'notify'], activities: ['observe', 'ledgerHead', 'deliver'] },
};

/** What these stacks have not: an identity, a lock, a store with a reader. */
export const NOT_KILLED: readonly ActivityName[] = ['testKey', 'tampering', 'renewLocks', 'checkOwner'];

/** The activities of a scenario in such a lane. */
export function activitiesOf(scenario: Scenario, place: Place): readonly ActivityName[] {
  const { activities, inBucket = [] } = RUNS[scenario];
  return place === 'folder' ? activities : [...activities, ...inBucket];
}

export const scenarios = (): Scenario[] => Object.keys(RUNS) as Scenario[];
