import type { ServiceStatus } from '../port.js';

/** systemd's commands; pure. `show` is its form for programs (systemctl(1)). */
export const systemctl = {
  start: (unit: string) => ['systemctl', 'start', unit] as const,
  stop: (unit: string) => ['systemctl', 'stop', unit] as const,
  restart: (unit: string) => ['systemctl', 'restart', unit] as const,
  show: (unit: string) =>
    [
      'systemctl',
      'show',
      '--property=LoadState,ActiveState,NRestarts,ActiveEnterTimestamp,InvocationID',
      '--timestamp=unix',
      unit,
    ] as const,
  logs: (
    unit: string,
    { lines, since, until }: { lines: number; since?: string | undefined; until?: string | undefined },
  ) =>
    [
      'journalctl',
      `--unit=${unit}`,
      `--lines=${lines}`,
      ...(since === undefined ? [] : [`--since=${journalTime(since)}`]),
      ...(until === undefined ? [] : [`--until=${journalTime(until)}`]),
      '--output=cat',
      '--no-pager',
      '--quiet',
    ] as const,
};

/** Seconds since the epoch, which needs no zone (systemd.time(7)). */
const journalTime = (iso: string): string => `@${(Date.parse(iso) / 1000).toFixed(3)}`;

export interface UnitState {
  readonly status: ServiceStatus;
  readonly restarts?: number;
  readonly startedAt?: string;
  /** systemd's own id of this run of the unit. */
  readonly invocation?: string;
}

/** Reads `systemctl show`: `KEY=value` a line, in no certain order; a property of a newer systemd is not there. */
export function parseUnitState(text: string): UnitState {
  const value = (key: string): string | undefined => new RegExp(`^${key}=(.+)$`, 'm').exec(text)?.[1];
  const restarts = Number(value('NRestarts') ?? Number.NaN);
  const invocation = value('InvocationID');
  const since = Number(/^@(\d+)$/.exec(value('ActiveEnterTimestamp') ?? '')?.[1] ?? Number.NaN);
  return {
    status: unitStatus(value('LoadState'), value('ActiveState')),
    ...(Number.isInteger(restarts) && { restarts }),
    ...(invocation !== undefined && { invocation }),
    ...(Number.isInteger(since) && { startedAt: new Date(since * 1000).toISOString() }),
  };
}

function unitStatus(load: string | undefined, active: string | undefined): ServiceStatus {
  if (load === 'not-found') return 'missing';
  if (active === 'active' || active === 'reloading') return 'running';
  return active === 'inactive' || active === 'failed' ? 'stopped' : 'unknown';
}
