import type { LoadedStack } from '../config/load-stack-file.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';

/** What runs are started with: the stack as loaded. Secrets in it are references, never values. */
export function snapshotOf(loaded: LoadedStack): StackSnapshot {
  return { stack: loaded.stack, configSha256: loaded.sha256, folder: loaded.folder };
}
