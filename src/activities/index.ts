import { ROLES, type Role } from '../contracts/names.js';
import { createBackupActivities } from './backup.js';
import { createCheckActivities } from './check.js';
import { createRoleChecks } from './check-roles.js';
import { createClaimActivities } from './claims.js';
import { createFindImported } from './import/find-imported.js';
import { createImportActivities } from './import/import-dump.js';
import { createJobActivities } from './jobs.js';
import { createKeyActivities } from './keys.js';
import { createLedgerActivities } from './ledger.js';
import { createLockActivities } from './locks.js';
import { createLookActivities } from './look.js';
import { createNotifyActivities } from './notify.js';
import { createPruneActivities } from './prune.js';
import { openedStorage } from './opened-storage.js';
import type { Ports } from './ports.js';
import { createRenewalActivities } from './renew-locks.js';
import { createRestoreActivities } from './restore.js';
import { createSealActivities } from './seal.js';
import { createLogActivities } from './logs/service-logs.js';
import { createBeforeActivities } from './deploy/before.js';
import { createDeployChecks } from './deploy/check-deploys.js';
import { createRevisionActivities } from './deploy/revisions.js';
import { createRolloutActivities } from './deploy/rollouts.js';
import { createTrafficActivities } from './deploy/traffic.js';
import { createVersionActivities } from './deploy/versions.js';
import { createInstanceActivities } from './instances.js';
import { createHealthActivities } from './service-health.js';
import { createServiceActivities } from './services.js';
import { createSweepActivities } from './sweep.js';
import { createVerifyActivities } from './verify.js';
import { createWatchActivities } from './watch.js';

/**
 * Which activities a worker of each role serves. `quick` is never stuck behind transfers.
 *
 * @param serves the roles of this worker: one that has a role to itself should have its rights alone
 */
export function createActivities(bare: Ports, serves: readonly Role[] = ROLES) {
  // Whoever lists, deletes or restores finds the storage that was opened for the stack, or none.
  const ports: Ports = { ...bare, storage: (snapshot) => openedStorage(bare, snapshot) };
  const services = createServiceActivities(ports);
  const logs = createLogActivities(ports);
  const instances = createInstanceActivities(ports);
  const versions = createVersionActivities(ports);
  const traffic = createTrafficActivities(ports);
  // Forward in one role, and back in the one that nothing keeps waiting.
  const rolling = {
    growService: versions.growService,
    awaitInstances: versions.awaitInstances,
    removeInstance: versions.removeInstance,
    holdImage: versions.holdImage,
    ...traffic,
    ...createRolloutActivities(ports),
  };
  const jobs = createJobActivities(ports);
  const prune = createPruneActivities(ports);
  const ledger = createLedgerActivities(ports);
  const restore = createRestoreActivities(ports);
  const check = createCheckActivities(bare, serves);
  const sweep = createSweepActivities(ports);
  const rights = createRoleChecks(bare, serves);
  return {
    // A worker of this role may not read: the set's run has opened storage before it.
    backup: {
      ...createBackupActivities(bare),
      ...createImportActivities(bare),
      checkTools: check.checkTools,
      checkStore: check.checkStore,
      checkBackupRights: rights.checkBackupRights,
    },
    proof: {
      ...createSealActivities(ports, bare),
      ...createVerifyActivities(ports),
      ...createLookActivities(ports),
      ...createKeyActivities(ports),
      ...createFindImported(ports),
      ...createWatchActivities(ports),
      ...createRevisionActivities(ports),
      planPrune: prune.planPrune,
      ...createRenewalActivities(ports),
      findLitter: sweep.findLitter,
      appendRecord: ledger.appendRecord,
      checkStorage: check.checkStorage,
      checkProofRights: rights.checkProofRights,
    },
    keeper: {
      deleteBackups: prune.deleteBackups,
      deleteLitter: sweep.deleteLitter,
      discardAttempt: sweep.discardAttempt,
      checkKeeperRights: rights.checkKeeperRights,
    },
    change: {
      ...restore,
      ...services,
      ...rolling,
      fetchImage: versions.fetchImage,
      checkDeploys: createDeployChecks(ports).checkDeploys,
      restartService: instances.restartService,
      runJob: jobs.runJob,
      ...createBeforeActivities(ports),
      watchLog: logs.watchLog,
      checkChecks: check.checkChecks,
      checkOwner: check.checkOwner,
      checkChangeRights: rights.checkChangeRights,
    },
    quick: {
      ...createLockActivities(),
      ...createClaimActivities(),
      ...services,
      ...rolling,
      serviceFacts: versions.serviceFacts,
      removeJob: jobs.removeJob,
      serviceInstances: instances.serviceInstances,
      logErrors: logs.logErrors,
      ...createHealthActivities(ports, logs.logErrors),
      readLog: logs.readLog,
      queryLog: logs.queryLog,
      undoRestore: restore.undoRestore,
      submitRecord: ledger.submitRecord,
      ledgerHead: ledger.ledgerHead,
      ...createNotifyActivities(bare),
    },
  } satisfies Record<Role, object>;
}
export type Activities = ReturnType<typeof createActivities>;
