import type { FoundPostgres, FoundRedis } from './find-stores.js';
import type { FoundFiles } from './find-volumes.js';

export interface ProposedStore {
  readonly name: string;
  readonly found: FoundPostgres | FoundRedis | FoundFiles;
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
  readonly composeFile: string;
  /** Project name, when the compose file does not say it. */
  readonly project?: string | undefined;
  readonly stores: readonly ProposedStore[];
  /** Stores written as comments only. */
  readonly proposedStores: readonly ProposedStore[];
  readonly services: readonly ProposedService[];
  readonly leftOutServices: readonly string[];
  /** From a clean-up rule in the compose file. */
  readonly keepDays?: number | undefined;
  readonly recipients?: { readonly proof: string; readonly offline: string } | undefined;
  readonly identityFile?: string | undefined;
}
