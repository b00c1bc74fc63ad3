import type { FailureCode } from './failures.js';

const USAGE = [
  'identity.missing',
  'run.unknown',
  'backup.unknown',
  'revision.unknown',
  'key.missing',
  'temporal.unprepared',
  'route.unknown',
  'stack.unknown',
  'request.reused',
];
const DENIED = [
  'approval.denied',
  'approval.expired',
  'cancelled',
  'target.frozen',
  'trust.missing',
  'trust.unsafe',
  'token.invalid',
  'token.forbidden',
  'webhook.invalid',
  'webhook.replayed',
];
const OUT_OF_REACH = ['temporal.unreachable', 'worker.absent', 'worker.lost', 'storage.unreachable'];

/**
 * 0 done; 1 the procedure failed; 2 wrong usage or config; 3 denied, frozen, expired or cancelled; 4 a deploy that was
 * rolled back; 5 cannot reach.
 */
export function exitCodeOf(code: FailureCode): number {
  if (/^(config|usage|codec)\./.test(code) || USAGE.includes(code)) return 2;
  if (DENIED.includes(code)) return 3;
  if (code === 'deploy.rolled-back') return 4;
  return OUT_OF_REACH.includes(code) ? 5 : 1;
}
