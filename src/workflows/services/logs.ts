import { SERVICE_LOG } from '../../contracts/stack/service-log.js';
import { formatDuration } from '../../contracts/stack/units.js';
import type { LogGroup, LogWatched } from '../../contracts/runs/logs.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { fail, isOwnCancellation } from '../shared/failures.js';
import type { Run } from '../shared/run.js';

interface OfService {
  readonly snapshot: StackSnapshot;
  readonly service: string;
}

/**
 * Reads what services log after a change, all at a time, and tells which errors are new. A line that the stack file calls
 * a failure fails the step.
 *
 * @param known kinds of errors that were in the log of each before
 * @param times how many times longer than the stack file says
 */
export async function watchLogs(
  run: Run,
  snapshot: StackSnapshot,
  known: ReadonlyMap<string, readonly LogGroup[]>,
  times = 1,
): Promise<LogWatched[]> {
  const services = [...known.keys()];
  if (services.length === 0) return [];
  const seconds =
    times *
    Math.max(...services.map((service) => snapshot.stack.services[service]?.log?.watch ?? SERVICE_LOG.watch));
  const { change, quick } = run.activities;
  return await run.step(
    `Read the log of ${services.join(', ')} for ${formatDuration(seconds)}`,
    async (note) => {
      const watched = await Promise.all(
        services.map(async (service) => {
          const instances = await quick.serviceInstances({ snapshot, service });
          const started = instances.flatMap((one) => one.startedAt ?? []).sort();
          const since = started[0] ?? run.startedAt.toISOString();
          const kinds = known.get(service) ?? [];
          const longer = times === 1 ? {} : { times };
          return await change.watchLog({ snapshot, service, since, known: kinds, ...longer });
        }),
      );
      for (const one of watched) logLines(one, services.length === 1).forEach(note);
      const bad = watched.find((one) => one.failure !== undefined);
      if (bad !== undefined) throw fail('service.failed', { service: bad.service, log: bad.failure });
      return watched;
    },
  );
}

/** Shows the end of a log, for who has to find out why a service does not serve. Fails nothing. */
export async function showLog(run: Run, { snapshot, service }: OfService): Promise<void> {
  const lines = snapshot.stack.services[service]?.log?.lines ?? SERVICE_LOG.lines;
  await run
    .step(`Read the log of ${service}`, async (note) => {
      const read = await run.activities.quick.readLog({ snapshot, service, lines });
      logLines({ ...read, fresh: [] }, true).forEach(note);
    })
    .catch((error: unknown) => {
      if (isOwnCancellation(error)) throw error;
    });
}

/** `api: 3 errors of 2 kinds, 1 of them new`, those, and its last lines where they are wanted or it has new errors. */
export function logLines(read: LogWatched, whole: boolean): string[] {
  const { service, lines, errors, fresh } = read;
  const count = errors.reduce((sum, one) => sum + one.count, 0);
  const kinds = errors.length === 1 ? 'of one kind' : `of ${errors.length} kinds`;
  const news = fresh.length === 0 ? '' : `, ${fresh.length} of them new`;
  return [
    count === 0 ? `${service}: no errors` : `${service}: ${count} errors ${kinds}${news}`,
    ...fresh.map((one) => `new: ${one.count} × ${one.example}`),
    ...(whole || fresh.length > 0 ? lines.map((line) => `| ${line}`) : []),
  ];
}
