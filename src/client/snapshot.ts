import { SteadyError } from '../contracts/failures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Stack } from '../contracts/stack/stack.js';
import type { Steady } from './connect.js';
import { storageState } from './entities.js';

/** A stack file as it was read. */
export interface Loaded {
  readonly stack: Stack;
  readonly sha256: string;
  /** Absolute path of its folder. */
  readonly folder: string;
}

/** What runs are started with: the stack as loaded. Secrets in it are references, never values. */
export function snapshotOf(loaded: Loaded): StackSnapshot {
  return { stack: loaded.stack, configSha256: loaded.sha256, folder: loaded.folder };
}

/** The same for what changes something: what is applied is what runs. Throws `config.not-applied` for a file that differs. */
export async function appliedSnapshot(
  steady: Steady,
  loaded: Loaded & { readonly path: string },
): Promise<StackSnapshot> {
  const applied = (await storageState(steady, loaded.stack))?.applied;
  if (applied?.sha256 !== loaded.sha256)
    throw new SteadyError('config.not-applied', {
      file: loaded.path,
      applied: applied?.sha256.slice(0, 12) ?? 'never',
      file_is: loaded.sha256.slice(0, 12),
    });
  return snapshotOf(loaded);
}
