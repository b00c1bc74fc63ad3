import { loadStackFile, type LoadedStack } from '../config/load-stack-file.js';
import { SteadyError } from '../contracts/failures.js';

/** The stacks of an API: those of its files, as they are now. */
export interface Stacks {
  all(): Promise<readonly LoadedStack[]>;
  /** Throws `stack.unknown`. */
  named(stack: string): Promise<LoadedStack>;
}

/** @param files paths of stack files, or their folders; read anew each time, as the commands do */
export function createStacks(files: readonly string[]): Stacks {
  const all = async (): Promise<readonly LoadedStack[]> =>
    await Promise.all(files.map((file) => loadStackFile(file)));
  return {
    all,
    async named(stack) {
      const stacks = await all();
      const found = stacks.find((one) => one.stack.stack === stack);
      if (found !== undefined) return found;
      throw new SteadyError('stack.unknown', {
        stack,
        allowed: stacks.map((one) => one.stack.stack).join(','),
      });
    },
  };
}
