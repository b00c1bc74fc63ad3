import { describe, expect, it } from 'vitest';
import { exitCodeOf } from '../../src/contracts/exit-code.js';
import { FAILURES, type FailureCode } from '../../src/contracts/failures.js';

describe('exit codes', () => {
  it.each([
    [1, ['verify.failed', 'backup.failed', 'evidence.broken', 'key.wrong', 'internal']],
    [
      2,
      [
        'usage.invalid',
        'config.missing',
        'config.not-applied',
        'identity.missing',
        'run.unknown',
        'backup.unknown',
      ],
    ],
    [
      3,
      ['approval.denied', 'approval.expired', 'cancelled', 'target.frozen', 'trust.missing', 'trust.unsafe'],
    ],
    [4, ['deploy.rolled-back']],
    [5, ['temporal.unreachable', 'worker.absent', 'worker.lost', 'storage.unreachable']],
  ] as const)('%d', (exit, codes) => {
    for (const code of codes) expect([code, exitCodeOf(code)]).toEqual([code, exit]);
  });

  it('is one of the table for every failure there is', () => {
    for (const code of Object.keys(FAILURES) as FailureCode[])
      expect([1, 2, 3, 4, 5]).toContain(exitCodeOf(code));
  });
});
