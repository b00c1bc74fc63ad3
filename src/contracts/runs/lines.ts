/** What looks at storage answer, a line each. */
import type { Depth } from '../names.js';
import type { BackupRef } from './claims.js';

/** Something in storage that belongs to no backup, and what becomes of it. */
export interface LitterLine {
  readonly what: 'data' | 'proofs' | 'marks' | 'upload';
  /** The backup it is of, or would have been. */
  readonly backup?: BackupRef | undefined;
  /** A key, or the beginning all its keys share. */
  readonly key: string;
  /** Of an unfinished upload: storage's name for it. */
  readonly upload?: string | undefined;
  readonly objects: number;
  readonly bytes: number;
  /** When it was last added to. */
  readonly since: string;
  readonly litter: boolean;
  readonly why: string;
  readonly deleted: boolean;
}

export interface SweepResult {
  readonly dryRun: boolean;
  readonly lines: readonly LitterLine[];
}

/** Whether an age identity opens the newest backup of a store. */
export interface KeyTestLine {
  readonly store: string;
  readonly id?: string | undefined;
  /** `unknown`: an identity of a plugin, which only age itself can try. */
  readonly result: 'opens' | 'wrong' | 'damaged' | 'unknown' | 'not encrypted' | 'no backup';
}

/** A sealed object over which somebody put something: it is read as it was. */
export interface TamperedLine {
  readonly key: string;
  /** In words: a newer version, a delete marker. */
  readonly what: string;
  /** When the newest of it came. */
  readonly at: string;
  /** Left out for what is of the whole stack, such as its records. */
  readonly backup?: BackupRef | undefined;
}

/** A backup that is kept, and that storage would let somebody delete now, or before the end it is kept to. */
export interface UnlockedLine extends BackupRef {
  /** When its lock ends, or has ended; left out without one. */
  readonly lockedUntil?: string | undefined;
  /** Until when a mark keeps it, where that is later. */
  readonly kept?: string | undefined;
}

/** One backup as listings tell it. */
export interface BackupLine extends BackupRef {
  readonly takenAt: string;
  readonly kind: string;
  readonly bytes: number;
  readonly rawBytes: number;
  /** Deepest passed proof. */
  readonly proven?: Depth | undefined;
  /** The same, when it is deep enough for this stack to rely on. */
  readonly verified?: Depth | undefined;
  readonly verifiedAt?: string | undefined;
  readonly failedProof?: string | undefined;
  readonly set?: string | undefined;
  readonly plan?: string | undefined;
  readonly kept?: string | undefined;
  /** Made of a dump by another program: its path. */
  readonly imported?: string | undefined;
  readonly shrunk: boolean;
  readonly accepted: boolean;
  readonly suspect: boolean;
  /** Who marked it suspect, and why. */
  readonly suspected?: { readonly by: string; readonly reason: string } | undefined;
  /** Where storage locks: when the lock of its manifest ends, or has ended. */
  readonly lockedUntil?: string | undefined;
  readonly tampered?: readonly TamperedLine[] | undefined;
}

/** One store's newest backups, by their listing alone. */
export interface Standing {
  readonly store: string;
  readonly backups: number;
  readonly newest?: {
    readonly id: string;
    readonly at: string;
    readonly proven?: Depth;
    readonly failedProof: boolean;
    readonly suspect: boolean;
  };
  readonly newestVerified?: { readonly id: string; readonly at: string; readonly proven: Depth };
}

/** A store's standing, for the morning look. */
export interface StoreStanding extends Standing {
  /** Where storage locks: backups that are kept and not locked. */
  readonly unlocked?: readonly UnlockedLine[];
  /** Storage could not be listed. */
  readonly error?: { readonly code: string; readonly message: string };
}
