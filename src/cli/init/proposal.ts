import type { FoundPostgres, FoundRedis } from './read-stores.js';
import type { FoundFiles, NotBackedUp } from './find-volumes.js';

export interface ProposedStore {
  readonly name: string;
  readonly found: FoundPostgres | FoundRedis | FoundFiles;
}

/** A `files` store that is switched on, and the services that stand still each time it is archived. */
export interface Archived {
  readonly store: string;
  readonly stopped: readonly string[];
}

/** A data service that is no store, with the reason and what is offered instead. */
export interface WithoutStore {
  readonly service: string;
  readonly why: string;
  /** Names of proposed stores that hold its data. */
  readonly instead: readonly string[];
  /** Whether it has no volume or folder at all: its data live in the container. */
  readonly inContainer: boolean;
}

export interface ProposedService {
  readonly name: string;
  /** Its name in the compose file. */
  readonly container: string;
  readonly needs: readonly { readonly name: string; readonly optional: boolean }[];
  readonly healthUrl?: string | undefined;
}

/** What `steady init` has found, ready to be written. */
export interface Proposal {
  readonly stack: string;
  readonly timezone: string;
  readonly composeFiles: readonly string[];
  /** Project name, when the compose files do not say it. */
  readonly project?: string | undefined;
  readonly stores: readonly ProposedStore[];
  /** Stores written as comments only. */
  readonly proposedStores: readonly ProposedStore[];
  readonly withoutStore: readonly WithoutStore[];
  readonly archived: readonly Archived[];
  readonly notBackedUp: readonly NotBackedUp[];
  readonly services: readonly ProposedService[];
  readonly leftOutServices: readonly string[];
  /** Variables that passwords are read from. */
  readonly secrets: readonly string[];
  /** Backups of another make, a sentence each. */
  readonly otherBackups: readonly string[];
  /** Commands that take their old dumps in. */
  readonly imports: readonly string[];
  /** From a clean-up rule of such backups. */
  readonly keepDays?: number | undefined;
  readonly recipients?: { readonly proof: string; readonly offline: string } | undefined;
  readonly identityFile?: string | undefined;
}
