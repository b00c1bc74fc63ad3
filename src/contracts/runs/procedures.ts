import type { Depth } from '../names.js';
import type { Imported } from '../stored/manifest.js';
import type { BackupRef } from './claims.js';
import type { LogQuery } from './logs.js';
import type { NotBack } from './locks.js';
import type { RunInput } from './snapshot.js';
import type { Step } from './timeline.js';

/** Inputs and results of the procedures. Plain JSON: they stay in histories for months. */
export interface BackupInput extends RunInput {
  /** Plan that names stores, proof and retention; left out for a run by hand over some stores. */
  readonly plan?: string;
  readonly stores: readonly string[];
  readonly verify?: Depth;
}

export interface StoreBackupResult {
  readonly store: string;
  readonly backupId?: string;
  readonly takenAt?: string;
  /** Between these the store was held for reading, RFC 3339. */
  readonly held?: { readonly from: string; readonly to: string };
  readonly bytes?: number;
  readonly rawBytes?: number;
  readonly seconds?: number;
  readonly proof?: { readonly depth: Depth; readonly passed: boolean };
  readonly shrunk?: boolean;
  readonly failure?: { readonly code: string; readonly message: string };
  readonly steps: readonly Step[];
}

export interface BackupResult {
  readonly setId: string;
  readonly stores: readonly StoreBackupResult[];
  readonly pruned?: number;
}

/** Old dumps by other programs, made backups of a store. */
export interface ImportInput extends RunInput {
  readonly store: string;
  /** Absolute paths on the host of the worker. */
  readonly files: readonly string[];
  /** RFC 3339; left out: what the dump, its name or its file tell. */
  readonly at?: string;
  /** Of an archive: the folder in it that is the store's. */
  readonly inside?: string;
}

export interface ImportedFile {
  readonly file: string;
  readonly backupId: string;
  readonly takenAt: string;
  readonly timeFrom: Imported['timeFrom'];
  readonly format: string;
  readonly sha256: string;
  /** The same file was taken in before, under this id. */
  readonly already: boolean;
  /** Stored, and raw. */
  readonly bytes?: number;
  readonly rawBytes?: number;
}

export interface ImportResult {
  readonly store: string;
  readonly imported: readonly ImportedFile[];
}

export interface StoreBackupInput extends RunInput {
  readonly store: string;
  readonly setId: string;
  readonly plan?: string;
  readonly verify: Depth;
  readonly stackUuid: string;
}

/** Which backups a run is about: by id, by date, the newest verified one, or the newest of all. */
export interface Selection {
  readonly text: string;
  readonly stores: readonly string[];
  readonly unverified: boolean;
}

export interface VerifyInput extends RunInput {
  readonly selection: Selection;
  readonly depth: Depth;
  readonly plan?: string;
}

export interface ProofResult extends BackupRef {
  readonly depth: Depth;
  readonly passed: boolean;
  readonly seconds: number;
  /** Of a proof by a restore: what loading and comparing alone took. */
  readonly loaded?: { readonly rawBytes: number; readonly seconds: number } | undefined;
  readonly findings: readonly string[];
}

export interface VerifyResult {
  readonly proofs: readonly ProofResult[];
}

export interface PruneInput extends RunInput {
  readonly plan?: string;
  readonly stores: readonly string[];
  readonly dryRun: boolean;
}

export interface PruneLine extends BackupRef {
  readonly keep: boolean;
  readonly why: string;
  readonly deleted: boolean;
  readonly bytes: number;
  /** Nothing keeps it any more, and storage will not let go of it before. */
  readonly lockedUntil?: string | undefined;
}

export interface PruneResult {
  readonly dryRun: boolean;
  readonly lines: readonly PruneLine[];
}

export interface RestoreInput extends RunInput {
  readonly selection: Selection;
  readonly mode: 'beside' | 'into' | 'in-place';
  readonly into?: string;
  readonly dryRun: boolean;
  readonly consumersFirst: boolean;
  /** In place: the live data may be lost where they cannot be backed up first. */
  readonly unsaved?: boolean;
  /** Also a backup of a newer server, beside the live data or into a new place. */
  readonly force?: boolean;
  /** 8 characters of the request: names what the run makes. */
  readonly token: string;
}

export interface RestoredStore extends BackupRef {
  readonly rawBytes: number;
  readonly loadSeconds: number;
  readonly gapSeconds?: number;
  readonly keptAs?: string;
  readonly findings: readonly string[];
}

export interface RestoreResult {
  readonly dryRun: boolean;
  readonly lines: readonly string[];
  readonly stores: readonly RestoredStore[];
  /** From the approval (or the start, when none was asked) until checks answered again, where any are named. */
  readonly rtoSeconds?: number;
  /** Whether any health check or check of the stack was asked. */
  readonly answered?: boolean;
  /** Services that stay stopped because other data they use are not back, with what brings those back, for people. */
  readonly notStarted?: readonly string[];
}

export interface UndoInput extends RunInput {
  /** Workflow id of the restore. */
  readonly restore: string;
}

/** What stays to be released when the hold of a restore ends. */
export interface HoldInput extends RunInput {
  readonly restore: string;
  /** Stores of which something is kept. */
  readonly stores: readonly string[];
  /** All stores of the restore: where it failed, the services of each may stand still. */
  readonly of: readonly string[];
  /** What is left for the others, in words: an undo cannot put them back. */
  readonly wayBack?: Readonly<Record<string, string>>;
  /** Of what is kept, what was in disorder already when it was replaced: an undo brings that back too. */
  readonly notBack?: Readonly<Record<string, NotBack>>;
  readonly token: string;
  readonly at: string;
  readonly mode: 'beside' | 'in-place';
  readonly seconds: number;
  /** Of stores whose replaced data could not be put back, why: all is dropped only after an undo of these. */
  readonly unresolved?: Readonly<Record<string, string>> | undefined;
  /** Stores whose replaced data are live again, and what was restored is kept: by an undo, or as the restore failed. */
  readonly undone: readonly string[];
}

/** What an undo has yet to put back. */
export const toUndo = ({ stores, undone }: HoldInput): string[] =>
  stores.filter((store) => !undone.includes(store));

export const HOLD_QUERY = 'hold';

/** What the hold of a restore answers. */
export interface HoldState extends HoldInput {
  /** When its time is over, RFC 3339; left out while it waits for an undo. */
  readonly until?: string | undefined;
  /** Why what is kept could not be dropped the last time it was tried. */
  readonly trouble?: string | undefined;
  /** Where that was because data were not back, of which stores: it is over with them. */
  readonly lost?: readonly string[] | undefined;
}

export interface MarkInput extends RunInput {
  readonly store: string;
  readonly id: string;
  readonly kind: 'keep' | 'accepted' | 'suspect';
  readonly until?: string;
  readonly reason: string;
}

/** Marks all backups whose data were taken at or after a moment, such as that of a breach. */
export interface MarkAfterInput extends RunInput {
  readonly stores: readonly string[];
  /** RFC 3339. */
  readonly after: string;
  readonly kind: 'accepted' | 'suspect';
  readonly reason: string;
}

export interface MarkResult {
  readonly marked: readonly BackupRef[];
}

/** Looks for `status`, `backup list`, `backup show`: reads storage on a worker, changes nothing. */
export interface LookInput extends RunInput {
  readonly what:
    'standings' | 'backups' | 'backup' | 'services' | 'keys' | 'tampering' | 'log' | 'revisions' | 'health';
  readonly stores: readonly string[];
  readonly id?: string;
  readonly log?: LogQuery;
  readonly services?: readonly string[];
}

export interface CheckInput extends RunInput {
  readonly stores: readonly string[];
}

export interface SweepInput extends RunInput {
  readonly dryRun: boolean;
}
