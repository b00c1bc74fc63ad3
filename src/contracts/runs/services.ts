import type { LogWatched } from './logs.js';
import type { RunInput } from './snapshot.js';

/** What an operator does to services most often. */
export const SERVICE_VERBS = ['restart', 'stop', 'start'] as const;
export type ServiceVerb = (typeof SERVICE_VERBS)[number];

/** Input of the procedures `restart`, `stop` and `start`. Plain JSON: it stays in histories for months. */
export interface ServicesInput extends RunInput {
  readonly verb: ServiceVerb;
  /** As asked; the run orders them by what they need. */
  readonly services: readonly string[];
  /** Stop: also what needs them. Restart: that too, after them. */
  readonly dependents: boolean;
  readonly reason: string;
  /** 8 characters of the request: a signature is good for one run. */
  readonly token: string;
}

/** How a service was before and is after, in words. */
export interface ServiceChange {
  readonly service: string;
  readonly before: string;
  readonly after: string;
}

export interface ServicesResult {
  readonly lines: readonly string[];
  readonly services: readonly ServiceChange[];
  /** What they logged afterwards. */
  readonly logs: readonly LogWatched[];
}

/** What is asked, as it is signed. */
export function servicesRequest(
  input: Pick<ServicesInput, 'verb' | 'services' | 'dependents' | 'reason' | 'token'>,
): Record<string, unknown> {
  const { verb, services, dependents, reason, token } = input;
  return { [verb]: { services, dependents, reason, token } };
}
