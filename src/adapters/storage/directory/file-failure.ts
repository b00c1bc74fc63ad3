import { SteadyError, type FailureCode } from '../../../contracts/failures.js';
import type { PlaceFacts } from '../place-facts.js';

const CODES: Record<string, FailureCode> = {
  ENOSPC: 'storage.full',
  EDQUOT: 'storage.full',
  EFBIG: 'storage.full',
  EACCES: 'storage.unwritable',
  EPERM: 'storage.unwritable',
  EROFS: 'storage.unwritable',
  EEXIST: 'storage.exists',
  ENOTDIR: 'storage.exists',
  ENOENT: 'storage.missing',
};

export function errorCode(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** A file system's error as the registry names it; anything unknown (EIO, ESTALE…) counts as unreachable. */
export function fileFailure(error: unknown, facts: PlaceFacts): SteadyError {
  if (error instanceof SteadyError) return error;
  const code = errorCode(error);
  const says = error instanceof Error ? error.message.split(',')[0] : String(error);
  return new SteadyError(CODES[code ?? ''] ?? 'storage.unreachable', { ...facts, says }, { cause: error });
}

/** Runs one file operation and names its failure. */
export async function withFiles<T>(facts: PlaceFacts, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw fileFailure(error, facts);
  }
}
