import { Counter, Gauge, Registry } from 'prom-client';
import { VERSION } from '../../contracts/version.js';

export type Gauges = ReturnType<typeof createGauges>;

/** The metrics of a worker, by names that alert rules use: they stay. */
export function createGauges(site: string) {
  const registry = new Registry();
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: readonly L[]) =>
    new Gauge({ name, help, labelNames, registers });
  const build = gauge('steady_build_info', 'Version and site of this worker; always 1', ['version', 'site']);
  build.set({ version: VERSION, site }, 1);
  return {
    registry,
    newestVerified: gauge(
      'steady_backup_newest_verified_timestamp_seconds',
      'When the newest verified backup of a store began; 0 where there is none',
      ['stack', 'store'],
    ),
    rpo: gauge('steady_backup_rpo_seconds', 'Oldest age of it that its plans allow', ['stack', 'store']),
    lastRun: gauge(
      'steady_run_last_timestamp_seconds',
      'When the newest run of a procedure with this outcome ended',
      ['stack', 'procedure', 'outcome'],
    ),
    runs: gauge('steady_runs_last_day', 'Runs that ended within the last 24 hours', [
      'stack',
      'procedure',
      'outcome',
    ]),
    lookedAt: gauge(
      'steady_watch_last_look_timestamp_seconds',
      'When the watch last looked at RPOs, schedules and runs',
      ['stack'],
    ),
    findings: gauge('steady_watch_findings', 'What the watch finds not as promised now, by event', [
      'stack',
      'event',
    ]),
    readOk: gauge(
      'steady_metrics_read_ok',
      'Whether Temporal and storage could be asked for these metrics; 0: others of that stack are left out',
      ['stack', 'of'],
    ),
    readFailures: new Counter({
      name: 'steady_metrics_read_failures_total',
      help: 'How often Temporal or storage could not be asked for these metrics',
      labelNames: ['stack', 'of'] as const,
      registers,
    }),
  };
}
