import { describe, expect, it } from 'vitest';
import { parseUnitState, systemctl } from '../../../../src/adapters/runtimes/host/argv.js';

// There is no systemd where these tests run: argv and the reading of documented output are all that is tested.
describe('systemd units', () => {
  it('are started, stopped, shown and read by these words', () => {
    expect(systemctl.start('rag-api.service').join(' ')).toBe('systemctl start rag-api.service');
    expect(systemctl.stop('rag-api.service').join(' ')).toBe('systemctl stop rag-api.service');
    expect(systemctl.show('rag-api').join(' ')).toBe(
      'systemctl show --property=LoadState,ActiveState,NRestarts,ActiveEnterTimestamp,InvocationID --timestamp=unix rag-api',
    );
    expect(systemctl.restart('rag-api').join(' ')).toBe('systemctl restart rag-api');
    const at = { since: '2026-11-22T02:00:00.500Z', until: '2026-11-22T02:01:00Z' };
    expect(systemctl.logs('rag-api', { lines: 20, ...at }).join(' ')).toBe(
      'journalctl --unit=rag-api --lines=20 --since=@1795312800.500 --until=@1795312860.000 --output=cat --no-pager --quiet',
    );
    expect(systemctl.logs('rag-api', { lines: 20 }).join(' ')).toBe(
      'journalctl --unit=rag-api --lines=20 --output=cat --no-pager --quiet',
    );
  });

  it.each([
    [
      'LoadState=loaded\nActiveState=active\nNRestarts=3\nActiveEnterTimestamp=@1763777000\n',
      { status: 'running', restarts: 3, startedAt: '2025-11-22T02:03:20.000Z' },
    ],
    ['ActiveState=reloading\nLoadState=loaded', { status: 'running' }],
    ['LoadState=loaded\nActiveState=active\nInvocationID=0d1f', { status: 'running', invocation: '0d1f' }],
    [
      'LoadState=loaded\nActiveState=inactive\nNRestarts=0\nActiveEnterTimestamp=\n',
      { status: 'stopped', restarts: 0 },
    ],
    ['LoadState=loaded\nActiveState=failed', { status: 'stopped' }],
    ['LoadState=not-found\nActiveState=inactive', { status: 'missing' }],
    ['LoadState=loaded\nActiveState=deactivating', { status: 'unknown' }],
    ['', { status: 'unknown' }],
  ])('are in the state that %j tells', (text, state) => {
    expect(parseUnitState(text)).toEqual(state);
  });
});
