import { table } from './words.js';

/** A service, as a look on a worker answers. */
export interface Service {
  readonly service: string;
  readonly status: string;
  /** The status is what was done here last; nobody could look since. */
  readonly recorded?: boolean;
  /** What its health check answered instead of passing. */
  readonly answer?: string;
  /** How its start command ended, where it did not end well. */
  readonly failed?: { readonly exit: number; readonly says?: string | undefined };
  readonly health?: string;
  readonly restarts?: number;
  readonly image?: string;
}

/** Down, or it does not answer. One of which nothing tells how it is counts as neither. */
export function isDown({ status, health, answer, failed }: Service): boolean {
  if (answer !== undefined || health === 'unhealthy') return true;
  return status === 'unknown' ? failed !== undefined : status !== 'running';
}

/** A row each: sign, name, how it is. */
export function serviceRows(services: readonly Service[]): string[] {
  return table(
    services.map((one) => [
      isDown(one) ? '✗' : one.status === 'running' ? '✓' : '?',
      one.service,
      statusWords(one),
      one.health ?? '',
      one.restarts ? `${one.restarts} restarts` : '',
      one.image ?? '',
    ]),
  );
}

function statusWords({ status, recorded, answer, failed, health }: Service): string {
  if (recorded === true) {
    const why = answer === undefined ? 'name its health (or unit) in the file' : answer;
    return `${status} by a run; nothing tells how it is since: ${why}`;
  }
  const says = failed?.says === undefined ? '' : `: ${failed.says}`;
  const start = failed && status !== 'running' ? [`its start command ended with ${failed.exit}${says}`] : [];
  if (answer !== undefined) return [`not answering: ${answer}`, ...start].join('; ');
  if (start.length > 0) return start.join();
  return status === 'unknown' && health === undefined
    ? 'unknown: nothing tells how it is; name its health (or unit) in the file'
    : status;
}
