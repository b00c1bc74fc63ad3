import type { FailureCode } from '../contracts/failures.js';

/** 0 done; 1 the procedure failed; 2 wrong usage or config; 3 denied, expired or cancelled; 5 cannot reach. */
export function exitCodeOf(code: FailureCode): number {
  if (
    code.startsWith('config.') ||
    code.startsWith('usage.') ||
    code === 'identity.missing' ||
    code === 'run.unknown'
  )
    return 2;
  if (code === 'approval.denied' || code === 'approval.expired' || code === 'cancelled') return 3;
  if (code === 'temporal.unreachable' || code === 'worker.absent' || code === 'storage.unreachable') return 5;
  return 1;
}
