import {
  ApplicationFailure,
  condition,
  continueAsNew,
  defineQuery,
  defineSignal,
  defineUpdate,
  setHandler,
} from '@temporalio/workflow';
import {
  APPLIED_UPDATE,
  BEGIN_DELETE_UPDATE,
  CLAIM_UPDATE,
  END_DELETE_UPDATE,
  FAILED_SIGNAL,
  OPENED_UPDATE,
  STORAGE_QUERY,
  UNCLAIM_UPDATE,
  type AppliedConfig,
  type ApplyRequest,
  type BackupRef,
  type Claim,
  type ClaimHolder,
  type ClaimRequest,
  type DeletePermit,
  type FailedAttempt,
  type FailedSignal,
  type OpenedStorage,
  type StorageInput,
  type StorageState,
} from '../../contracts/runs/claims.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { quickly } from '../shared/activities.js';
import { fail } from '../shared/failures.js';
import { isRenewalDue, untilHandled } from '../shared/renewal.js';

const claimUpdate = defineUpdate<void, [ClaimRequest]>(CLAIM_UPDATE);
const unclaimUpdate = defineUpdate<void, [ClaimHolder]>(UNCLAIM_UPDATE);
const beginDeleteUpdate = defineUpdate<DeletePermit, [ClaimRequest]>(BEGIN_DELETE_UPDATE);
const endDeleteUpdate = defineUpdate<void, [ClaimHolder]>(END_DELETE_UPDATE);
const appliedUpdate = defineUpdate<void, [ApplyRequest]>(APPLIED_UPDATE);
const failedSignal = defineSignal<[FailedSignal]>(FAILED_SIGNAL);
const openedUpdate = defineUpdate<void, [OpenedStorage]>(OPENED_UPDATE);
const storageQuery = defineQuery<StorageState>(STORAGE_QUERY);

/**
 * What is being read and what is being deleted in a stack's storage, and which stack file is applied. A backup is
 * never both: a claim keeps it from prune, and prune's permit keeps it from new claims.
 */
export async function storage(input: StorageInput): Promise<void> {
  // A stack may move to other workers: the newest who asked says where they are.
  let { site } = input;
  let claims: Claim[] = [...(input.state?.claims ?? [])];
  let deleting: (BackupRef & ClaimHolder)[] = [...(input.state?.deleting ?? [])];
  let applied: AppliedConfig | undefined = input.state?.applied;

  let opened: OpenedStorage | undefined = input.state?.opened;
  let unkept: ApplyRequest | undefined = input.state?.unkept;

  let snapshot = input.state?.snapshot;
  let failed: FailedAttempt[] = [...(input.state?.failed ?? [])];
  /** Chores that ever came: a new one is tried at once. */
  let arrived = 0;
  const chores = (): number => failed.length + (unkept ? 1 : 0);

  const state = (): StorageState => ({
    claims,
    deleting,
    ...(applied && { applied }),
    ...(unkept && { unkept }),
    ...(opened && { opened }),
    ...(failed.length > 0 && { failed, snapshot }),
  });
  setHandler(storageQuery, state);
  setHandler(appliedUpdate, (request) => {
    applied = { sha256: request.sha256, at: request.at, by: request.by };
    unkept = request;
    arrived++;
    site = request.snapshot.stack.site;
  });
  setHandler(failedSignal, (told) => {
    snapshot = told.snapshot;
    failed = [...failed, told.attempt].slice(-FAILED_REMEMBERED);
    arrived++;
  });
  setHandler(openedUpdate, (place) => {
    opened = place;
  });

  setHandler(claimUpdate, async (request) => {
    site = request.site ?? site;
    const gone = await closedAmong(deleting, request.backups);
    deleting = deleting.filter((one) => !gone.has(runOf(one)));
    const busy = request.backups.find((backup) => deleting.some((one) => same(one, backup)));
    if (busy) {
      const { message } = fail('backup.claimed', { store: busy.store, id: busy.id, by: 'prune' });
      throw ApplicationFailure.create({ message, type: 'backup.claimed', nonRetryable: false });
    }
    claims = claims.filter((one) => !heldBy(one, request));
    for (const backup of request.backups)
      claims.push({ ...backup, ...holderOf(request), since: new Date().toISOString() });
  });
  setHandler(unclaimUpdate, (holder) => {
    claims = claims.filter((one) => !heldBy(one, holder));
  });

  setHandler(beginDeleteUpdate, async (request) => {
    site = request.site ?? site;
    const gone = await closedAmong(claims, request.backups);
    claims = claims.filter((one) => !gone.has(runOf(one)));
    const refused: (BackupRef & { by: string })[] = [];
    const granted: BackupRef[] = [];
    for (const backup of request.backups) {
      const reader = claims.find((one) => same(one, backup) && !heldBy(one, request));
      if (reader) refused.push({ ...backup, by: reader.workflowId });
      else granted.push(backup);
    }
    deleting = deleting.filter((one) => !heldBy(one, request));
    for (const backup of granted) deleting.push({ ...backup, ...holderOf(request) });
    return { granted, refused };
  });
  setHandler(endDeleteUpdate, (holder) => {
    deleting = deleting.filter((one) => !heldBy(one, holder));
  });

  /**
   * Runs with an entry on these backups that have closed without letting go. Entries may change while this asks, so
   * the answer names runs, and is taken out of what is there afterwards.
   */
  async function closedAmong(
    entries: readonly (BackupRef & ClaimHolder)[],
    backups: readonly BackupRef[],
  ): Promise<Set<string>> {
    const concerned = entries.filter((one) => backups.some((backup) => same(one, backup)));
    const runs = new Map(concerned.map((one) => [runOf(one), holderOf(one)]));
    const closed = new Set<string>();
    const quick = quickly('quick', { site, workerSeconds: 300 });
    for (const [run, holder] of runs) if (!(await quick.isRunning(holder))) closed.add(run);
    return closed;
  }

  /** What nobody waits for. Gives whether all of it is done. */
  const doChores = async (): Promise<boolean> => {
    const before = chores();
    const request = unkept;
    if (request) {
      await quickly('proof', { site, workerSeconds: 300 })
        .keepConfig(request)
        .then(() => (unkept = unkept === request ? undefined : unkept))
        .catch(() => undefined);
    }
    // What is older is litter, which the sweep finds.
    const oldest = Date.now() - LITTER_SECONDS * 1000;
    failed = failed.filter((one) => Date.parse(one.at) > oldest);
    const begun = arrived;
    for (const attempt of snapshot ? failed : []) {
      // A file that was applied meanwhile does not wait for these.
      if (arrived > begun) break;
      await quickly('keeper', { site, workerSeconds: 300 })
        .discardAttempt({ snapshot: snapshot as StackSnapshot, attempt })
        .then(() => (failed = failed.filter((one) => one !== attempt)))
        .catch(() => undefined);
    }
    return chores() < before;
  };

  let pause = CHORES_PAUSE_SECONDS;
  while (!isRenewalDue(input)) {
    await condition(() => chores() > 0 || isRenewalDue(input));
    const before = arrived;
    if (await doChores()) pause = CHORES_PAUSE_SECONDS;
    else if (chores() > 0) {
      // Storage or its worker is away, which `status` tells by itself.
      await condition(() => arrived > before, pause * 1000);
      pause = Math.min(2 * pause, CHORES_PAUSE_LONGEST_SECONDS);
    }
  }
  await untilHandled();
  await continueAsNew<typeof storage>({ ...input, site, state: state() });
}

/** Pauses before what could not be done is tried again. */
const CHORES_PAUSE_SECONDS = 60;
const CHORES_PAUSE_LONGEST_SECONDS = 3600;
const LITTER_SECONDS = 7 * 86_400;
/** More are left to the sweep. */
const FAILED_REMEMBERED = 100;

const same = (a: BackupRef, b: BackupRef): boolean => a.store === b.store && a.id === b.id;
const heldBy = (a: ClaimHolder, b: ClaimHolder): boolean =>
  a.workflowId === b.workflowId && a.runId === b.runId;
const holderOf = ({ workflowId, runId }: ClaimHolder): ClaimHolder => ({ workflowId, runId });
const runOf = ({ workflowId, runId }: ClaimHolder): string => `${workflowId} ${runId}`;
