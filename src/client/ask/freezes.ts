import type { Freeze } from '../../contracts/runs/locks.js';
import type { Stack } from '../../contracts/stack/stack.js';
import type { Steady } from '../connect.js';
import { freeze, targetState, thaw } from '../entities.js';

/** A target that was frozen, and the freeze that it replaces. */
export interface Frozen {
  readonly target: string;
  readonly before?: Freeze | undefined;
}

/** Stores and services, each of which can be frozen. */
export const targetsOf = ({ stores, services }: Stack): string[] => [
  ...new Set([...Object.keys(stores), ...Object.keys(services)]),
];

/** Freezes targets, one after another; each is told when it is. */
export async function freezeTargets(
  steady: Steady,
  stack: Stack,
  asked: Omit<Freeze, 'at'> & { readonly targets: readonly string[] },
  tell: (frozen: Frozen) => void = () => undefined,
): Promise<Frozen[]> {
  const { targets, ...why } = asked;
  const frozen: Frozen[] = [];
  for (const target of targets) {
    const before = (await targetState(steady, stack, target))?.frozen;
    await freeze(steady, stack, target, { ...why, at: new Date().toISOString() });
    const one = { target, before };
    frozen.push(one);
    tell(one);
  }
  return frozen;
}

/** Thaws one; gives whether it was frozen. */
export async function thawTarget(steady: Steady, stack: Stack, target: string): Promise<boolean> {
  const frozen = (await targetState(steady, stack, target))?.frozen !== undefined;
  if (frozen) await thaw(steady, stack, target);
  return frozen;
}
