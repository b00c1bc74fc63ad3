import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../../contracts/failures.js';
import type { LogAnswer, LogGroup, LogQuery, LogRead, LogWatched } from '../../contracts/runs/logs.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { redact, secretReferences, type Secret } from '../../contracts/secret.js';
import { SERVICE_LOG } from '../../contracts/stack/service-log.js';
import { withCall } from '../call.js';
import type { Ports } from '../ports.js';
import { serviceHandle } from '../service-handle.js';
import { cut, groupLines, hasFields, isError, linesOf } from './log-lines.js';

interface OfService {
  readonly snapshot: StackSnapshot;
  readonly service: string;
}

/** How much of a log is looked at, and how much of it is told: what is told stays in a history. */
const MOST_READ = 2000;
const MOST_GROUPS = 20;
const LOOK_MS = 2000;

/** Reading logs of services. Reading only, so running again is safe. */
export function createLogActivities(ports: Ports) {
  /** Without secrets of the stack that are known on this worker. */
  const read = async (
    { snapshot, service }: OfService,
    options: { since?: string | undefined; previous?: boolean | undefined; signal?: AbortSignal | undefined },
  ): Promise<string[]> => {
    const { signal, ...which } = options;
    const text = await ports
      .runtime(snapshot)
      .logs(serviceHandle(snapshot, service), { lines: MOST_READ, ...which, ...(signal && { signal }) });
    return linesOf(redact(text, await knownSecrets(ports, snapshot)));
  };
  const told = (of: OfService, lines: readonly string[], last: number): LogRead => ({
    service: of.service,
    lines: lines.slice(-last).map(cut),
    errors: errorsIn(of, lines),
  });

  return {
    /** Kinds of errors that are in the log now; none where there is no log to read. */
    async logErrors(of: OfService): Promise<LogGroup[]> {
      try {
        return errorsIn(of, await read(of, {}));
      } catch (error) {
        if (error instanceof SteadyError && error.code === 'service.failed') return [];
        throw error;
      }
    },

    /** The last lines of a log, and its errors. */
    async readLog(
      of: OfService & { readonly lines: number; readonly since?: string; readonly previous?: boolean },
    ): Promise<LogRead> {
      return told(of, await read(of, of), of.lines);
    },

    /** The last lines of a log that fit a question. */
    async queryLog({
      snapshot,
      query,
    }: {
      readonly snapshot: StackSnapshot;
      readonly query: LogQuery;
    }): Promise<LogAnswer> {
      const of = { snapshot, service: query.service };
      const { errors, fields = {}, lines: last } = query;
      const pattern = snapshot.stack.services[query.service]?.log?.errors;
      const all = await read(of, query);
      const fitting = all.filter(
        (line) => (errors !== true || isError(line, pattern)) && hasFields(line, fields),
      );
      return {
        ...told(of, fitting, last),
        looked: all.length,
        found: fitting.length,
        groups: groupLines(fitting).slice(0, MOST_GROUPS),
      };
    },

    /**
     * Reads what a service logs from a moment on for as long as its file says (a failing line ends it), and tells which
     * kinds of errors were not `known` before.
     */
    async watchLog(
      of: OfService & {
        readonly since: string;
        readonly known: readonly LogGroup[];
        /** Longer than the stack file says, so many times. */
        readonly times?: number | undefined;
      },
    ): Promise<LogWatched> {
      const { snapshot, service, since } = of;
      const {
        watch = SERVICE_LOG.watch,
        lines: last = SERVICE_LOG.lines,
        fail,
      } = snapshot.stack.services[service]?.log ?? {};
      const end = performance.now() + watch * (of.times ?? 1) * 1000;
      return await withCall({ title: `Read the log of ${service}` }, async (call) => {
        for (;;) {
          const lines = await read(of, { since, signal: call.signal });
          const seen = told(of, lines, last);
          const known = new Set(of.known.map(({ pattern }) => pattern));
          const fresh = seen.errors.filter(({ pattern }) => !known.has(pattern));
          const failure =
            fail === undefined ? undefined : lines.find((line) => new RegExp(fail, 'i').test(line));
          if (failure !== undefined) return { ...seen, fresh, failure: cut(failure) };
          const left = end - performance.now();
          if (left <= 0) return { ...seen, fresh };
          call.say(`${lines.length} lines, ${Math.ceil(left / 1000)} s left`);
          await sleep(Math.min(LOOK_MS, left), undefined, { signal: call.signal }).catch(() => {
            throw new SteadyError('cancelled', { service });
          });
        }
      });
    },
  };
}
export type LogActivities = ReturnType<typeof createLogActivities>;

function errorsIn({ snapshot, service }: OfService, lines: readonly string[]): LogGroup[] {
  const pattern = snapshot.stack.services[service]?.log?.errors;
  return groupLines(lines.filter((line) => isError(line, pattern))).slice(0, MOST_GROUPS);
}

/** Those of the stack that are on this worker; one that is elsewhere cannot be in what is read here by its value. */
async function knownSecrets(ports: Ports, snapshot: StackSnapshot): Promise<Secret[]> {
  const secrets = ports.secrets(snapshot);
  const found = await Promise.all(
    secretReferences(snapshot.stack).map((ref) => secrets.resolve(ref).catch(() => undefined)),
  );
  return found.filter((secret) => secret !== undefined);
}
