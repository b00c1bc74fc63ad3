import type { Finding } from '../issue-problems.js';
import type { FieldPath } from '../problems.js';

export interface CrossCheckResult {
  readonly errors: readonly Finding[];
  readonly warnings: readonly Finding[];
}

type Details = Partial<Pick<Finding, 'found' | 'allowed' | 'nearest' | 'at'>>;

/** Collects what cross-checks find. */
export interface CrossCheckReport {
  error(path: FieldPath, message: string, details?: Details): void;
  warn(path: FieldPath, message: string, details?: Details): void;
}

/** A report that starts empty. */
export function createReport(): CrossCheckReport & CrossCheckResult {
  const errors: Finding[] = [];
  const warnings: Finding[] = [];
  return {
    errors,
    warnings,
    error: (path, message, details) => void errors.push({ path, message, at: 'value', ...details }),
    warn: (path, message, details) => void warnings.push({ path, message, at: 'value', ...details }),
  };
}
