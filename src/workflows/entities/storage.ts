import { allHandlersFinished, ApplicationFailure, condition, continueAsNew, defineQuery, defineUpdate, setHandler, workflowInfo } from '@temporalio/workflow';
import {
  APPLIED_UPDATE,
  BEGIN_DELETE_UPDATE,
  CLAIM_UPDATE,
  END_DELETE_UPDATE,
  STORAGE_QUERY,
  UNCLAIM_UPDATE,
  type AppliedConfig,
  type BackupRef,
  type Claim,
  type ClaimHolder,
  type ClaimRequest,
  type DeletePermit,
  type StorageInput,
  type StorageState,
} from '../../contracts/runs/claims.js';
import { quickly } from '../shared/activities.js';
import { fail } from '../shared/failures.js';

const claimUpdate = defineUpdate<void, [ClaimRequest]>(CLAIM_UPDATE);
const unclaimUpdate = defineUpdate<void, [ClaimHolder]>(UNCLAIM_UPDATE);
const beginDeleteUpdate = defineUpdate<DeletePermit, [ClaimRequest]>(BEGIN_DELETE_UPDATE);
const endDeleteUpdate = defineUpdate<void, [ClaimHolder]>(END_DELETE_UPDATE);
const appliedUpdate = defineUpdate<void, [AppliedConfig]>(APPLIED_UPDATE);
const storageQuery = defineQuery<StorageState>(STORAGE_QUERY);

/**
 * What is being read and what is being deleted in a stack's storage, and which stack file is applied. A backup is
 * never both: a claim keeps it from prune, and prune's permit keeps it from new claims.
 */
export async function storage(input: StorageInput): Promise<void> {
  const quick = quickly('quick', { site: input.site, workerSeconds: 300 });
  let claims: Claim[] = [...(input.state?.claims ?? [])];
  let deleting: (BackupRef & ClaimHolder)[] = [...(input.state?.deleting ?? [])];
  let applied: AppliedConfig | undefined = input.state?.applied;

  const state = (): StorageState => ({ claims, deleting, ...(applied && { applied }) });
  setHandler(storageQuery, state);
  setHandler(appliedUpdate, (config) => {
    applied = config;
  });

  setHandler(claimUpdate, async (request) => {
    deleting = await stillOpen(deleting, request.backups);
    const busy = request.backups.find((backup) => deleting.some((one) => same(one, backup)));
    if (busy) {
      const { message } = fail('backup.claimed', { store: busy.store, id: busy.id, by: 'prune' });
      throw ApplicationFailure.create({ message, type: 'backup.claimed', nonRetryable: false });
    }
    claims = claims.filter((one) => !heldBy(one, request));
    for (const backup of request.backups) claims.push({ ...backup, ...holderOf(request), since: new Date().toISOString() });
  });
  setHandler(unclaimUpdate, (holder) => {
    claims = claims.filter((one) => !heldBy(one, holder));
  });

  setHandler(beginDeleteUpdate, async (request) => {
    claims = await stillOpen(claims, request.backups);
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

  /** Drops entries on these backups whose runs have closed without letting go. */
  async function stillOpen<T extends BackupRef & ClaimHolder>(entries: readonly T[], backups: readonly BackupRef[]): Promise<T[]> {
    const gone = new Set<T>();
    for (const entry of entries.filter((one) => backups.some((backup) => same(one, backup)))) {
      if (!(await quick.isRunning({ workflowId: entry.workflowId, runId: entry.runId }))) gone.add(entry);
    }
    return entries.filter((one) => !gone.has(one));
  }

  await condition(() => workflowInfo().continueAsNewSuggested);
  await condition(allHandlersFinished);
  await continueAsNew<typeof storage>({ ...input, state: state() });
}

const same = (a: BackupRef, b: BackupRef): boolean => a.store === b.store && a.id === b.id;
const heldBy = (a: ClaimHolder, b: ClaimHolder): boolean => a.workflowId === b.workflowId && a.runId === b.runId;
const holderOf = ({ workflowId, runId }: ClaimHolder): ClaimHolder => ({ workflowId, runId });
