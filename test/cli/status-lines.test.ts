import { describe, expect, it } from 'vitest';
import { attentionLines } from '../../src/cli/status-lines.js';
import { isDown, serviceRows, type Service } from '../../src/cli/service-rows.js';
import type { OpenLine, TemporalStatus } from '../../src/client/status.js';
import { MOST_UNTOLD, type UntoldLine } from '../../src/client/untold.js';

const now = Date.parse('2026-11-22T06:00:00Z');
const RUN = 'restore.shop.20261122T055900Z-k7q2m9xd';
const line = {
  run: RUN,
  runId: 'r1',
  procedure: 'restore',
  status: 'running',
  startedAt: '2026-11-22T05:59:00.000Z',
  dryRun: false,
  by: 'ana',
};
const nothing: TemporalStatus = {
  applied: 'same',
  plans: [],
  targets: [],
  approvals: [],
  open: [],
  kept: [],
  untold: [],
};
const told = (status: Partial<TemporalStatus>): string[] =>
  attentionLines({ ...nothing, ...status }, 'Europe/Berlin', now);

describe('what status says of a run', () => {
  it('that goes on is when it started', () => {
    expect(told({ open: [{ ...line, retries: [] }] })).toEqual([`… ${RUN} runs, started 1 min ago`]);
  });

  it('that fails and tries again is which attempt it is at, and what the last one died of', () => {
    const failure = 'a service did not start, stop or become healthy [service=api exit=7]';
    const open: OpenLine = { ...line, retries: [{ step: 'startService', attempt: 6, failure }] };
    expect(told({ open: [open] })).toEqual([
      `! ${RUN} runs, started 1 min ago`,
      `    startService is tried again, attempt 6; the last one: ${failure}`,
    ]);
  });

  it('that waits for people is who asked, and until when, by the clock of the stack', () => {
    const asked = {
      title: 'Restore db of shop',
      by: 'ana',
      at: '2026-11-22T05:59:30.000Z',
      expiresAt: '2026-11-22T06:59:30.000Z',
      digest: '0123456789abcdef',
    };
    const waiting = { ...line, awaiting: 'operator' };
    const status = { open: [{ ...waiting, retries: [] }], approvals: [{ ...waiting, asked }] };
    expect(told(status)).toEqual([
      `? ${RUN} waits for an approval by operator since 2026-11-22 06:59:30 +01:00 (30 s ago)`,
      '    asked by ana; no answer until 2026-11-22 07:59:30 +01:00 (in 59 min 30 s) means no',
      `    look: steady show ${RUN}   answer: steady approve ${RUN}`,
    ]);
    // No worker answers: what Temporal itself knows is said.
    expect(told({ approvals: [waiting] })[1]).toBe('    asked by ana');
  });
});

describe('what status says of messages that did not reach people', () => {
  const message = (minutesAgo: number, trying: boolean, ...words: string[]): UntoldLine => ({
    run: `notify.shop.${minutesAgo}`,
    at: new Date(now - minutesAgo * 60_000).toISOString(),
    trying,
    words,
  });

  it('is how many, and why the newest did not: a broken channel does not bury the rest', () => {
    const untold = [
      message(90, false, 'the old reason'),
      message(30, false, 'a receiver refused [status=404]'),
      message(5, true, 'nobody answers [port=25]'),
      message(60, false, 'the old reason'),
    ];
    expect(told({ untold })).toEqual([
      '! a channel is tried again with 1 message, the newest 5 min ago: steady show notify.shop.5',
      '    nobody answers [port=25]',
      '! a channel was not reached with 3 messages, the newest 30 min ago: steady show notify.shop.30',
      '    a receiver refused [status=404]',
    ]);
  });

  it('is "or more" where no more were asked after', () => {
    const untold = Array.from({ length: MOST_UNTOLD }, (_, at) => message(at + 1, false, 'why'));
    expect(told({ untold })[0]).toContain('20 messages or more, the newest 1 min ago');
  });
});

describe('what status says of a service', () => {
  const rowOf = (one: Omit<Service, 'service'>): [string, boolean] => {
    const service = { service: 'api', ...one };
    return [serviceRows([service])[0] ?? '', isDown(service)];
  };

  it('is true: down is what is stopped, missing, unhealthy, or does not answer', () => {
    expect(rowOf({ status: 'running' })).toEqual(['✓  api  running', false]);
    expect(rowOf({ status: 'running', health: 'unhealthy' })).toEqual(['✗  api  running  unhealthy', true]);
    expect(rowOf({ status: 'stopped' })).toEqual(['✗  api  stopped', true]);
    expect(rowOf({ status: 'missing' })).toEqual(['✗  api  missing', true]);
    for (const status of ['unknown', 'running'])
      expect(rowOf({ status, answer: 'connection refused' })).toEqual([
        '✗  api  not answering: connection refused',
        true,
      ]);
  });

  it('is how its start command ended, where it has not come up since', () => {
    const failed = { exit: 7, says: 'no way' };
    expect(rowOf({ status: 'unknown', failed })).toEqual([
      '✗  api  its start command ended with 7: no way',
      true,
    ]);
    expect(rowOf({ status: 'unknown', failed, answer: 'connection refused' })[0]).toBe(
      '✗  api  not answering: connection refused; its start command ended with 7: no way',
    );
    expect(rowOf({ status: 'running', failed })).toEqual(['✓  api  running', false]);
  });

  it('is that nothing tells how it is where nobody could look', () => {
    expect(rowOf({ status: 'unknown' })).toEqual([
      '?  api  unknown: nothing tells how it is; name its health (or unit) in the file',
      false,
    ]);
    expect(rowOf({ status: 'stopped', recorded: true })).toEqual([
      '✗  api  stopped by a run; nothing tells how it is since: name its health (or unit) in the file',
      true,
    ]);
  });
});
