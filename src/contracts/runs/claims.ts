import type { StackSnapshot } from './snapshot.js';

/** Messages of the entity `storage.<stack>`: which backups are being read, and which are being deleted. */
export interface BackupRef {
  readonly store: string;
  readonly id: string;
}

export interface ClaimHolder {
  readonly workflowId: string;
  readonly runId: string;
}

export interface ClaimRequest extends ClaimHolder {
  readonly backups: readonly BackupRef[];
  /** Where the workers of the stack are now. */
  readonly site?: string | undefined;
}

export interface Claim extends ClaimHolder, BackupRef {
  readonly since: string;
}

/** Which of the backups may be deleted now, and who still reads the others. */
export interface DeletePermit {
  readonly granted: readonly BackupRef[];
  readonly refused: readonly (BackupRef & { readonly by: string })[];
}

export interface AppliedConfig {
  readonly sha256: string;
  readonly at: string;
  readonly by: string;
}

/** A stack file that was applied, with its text, which is to be kept in storage. */
export interface ApplyRequest extends AppliedConfig {
  readonly snapshot: StackSnapshot;
  readonly text: string;
}

/** An attempt of a backup that has ended without one: what it stored is litter. */
export interface FailedAttempt extends BackupRef {
  /** RFC 3339. */
  readonly at: string;
}

export interface FailedSignal {
  readonly attempt: FailedAttempt;
  /** Tells where storage is now. */
  readonly snapshot: StackSnapshot;
}

/** A place in storage that was opened for this stack, and the uuid of the `stack.json` in it. */
export interface OpenedStorage {
  readonly location: string;
  readonly uuid: string;
}

export interface StorageState {
  readonly claims: readonly Claim[];
  readonly deleting: readonly (BackupRef & ClaimHolder)[];
  readonly applied?: AppliedConfig | undefined;
  /** Applied, and not yet kept in storage. */
  readonly unkept?: ApplyRequest | undefined;
  /** Attempts that failed, whose objects are to be deleted. */
  readonly failed?: readonly FailedAttempt[] | undefined;
  /** For them, the newest there is. */
  readonly snapshot?: StackSnapshot | undefined;
  readonly opened?: OpenedStorage | undefined;
}

export interface StorageInput {
  readonly stack: string;
  readonly site: string;
  readonly state?: StorageState;
  /** Events after which it continues as new; left out: when Temporal suggests it. */
  readonly maxEvents?: number;
}

export const CLAIM_UPDATE = 'claim';
export const UNCLAIM_UPDATE = 'unclaim';
export const BEGIN_DELETE_UPDATE = 'beginDelete';
export const END_DELETE_UPDATE = 'endDelete';
export const APPLIED_UPDATE = 'applied';
export const OPENED_UPDATE = 'opened';
export const FAILED_SIGNAL = 'attemptFailed';
export const STORAGE_QUERY = 'storage';
