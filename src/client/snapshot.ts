import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Stack } from '../contracts/stack/stack.js';

/** What runs are started with: the stack as loaded. Secrets in it are references, never values. */
export function snapshotOf(loaded: {
  readonly stack: Stack;
  readonly sha256: string;
  readonly folder: string;
}): StackSnapshot {
  return { stack: loaded.stack, configSha256: loaded.sha256, folder: loaded.folder };
}
