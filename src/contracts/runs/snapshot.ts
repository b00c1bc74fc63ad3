import type { Stack } from '../stack/stack.js';

/**
 * What a run is given when it starts: the stack as it was applied, secret-free. Editing steady.yaml never changes a
 * run in flight, and workers never read the file.
 */
export interface StackSnapshot {
  readonly stack: Stack;
  /** SHA-256 of the stack file's text. */
  readonly configSha256: string;
  /** Folder that relative paths of the file are relative to, on the site's workers. */
  readonly folder: string;
}

/** Who asked for a run, signed when they have an identity. */
export interface Requester {
  readonly name: string;
  readonly signed?: {
    readonly key: string;
    /** On behalf of who asked, with the key of the HTTP API. */
    readonly via?: 'api';
    readonly at: string;
    readonly signature: string;
  };
}

/** What every procedure is started with. */
export interface RunInput {
  readonly version: 1;
  readonly snapshot: StackSnapshot;
  readonly by: Requester;
}
