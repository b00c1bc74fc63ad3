import type { AskedService } from '../../activities/services.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { ServicesInput, ServiceVerb } from '../../contracts/runs/services.js';
import {
  consumersOf,
  dependencyOrder,
  dependentsOf,
  requiredServices,
} from '../../contracts/stack/dependencies.js';
import type { Stack } from '../../contracts/stack/stack.js';

/** What was seen: all services, and stores whose data are not back. */
export interface Seen {
  readonly states: readonly AskedService[];
  readonly notBack: Readonly<Record<string, NotBack>>;
}

export interface ServicesPlan {
  /** In the order they are changed. */
  readonly order: readonly string[];
  /** What will happen, a line each, for people. */
  readonly lines: readonly string[];
  /** Services that may not be started, and why. */
  readonly refused: readonly string[];
  /** Services of which the stack file does not say how, and what it lacks. */
  readonly unable: readonly string[];
}

const RUNS = (state: AskedService | undefined): boolean =>
  state?.status === 'running' || (state?.status === 'unknown' && state.answer === undefined);

/**
 * What a restart, stop or start of these services is: what is needed first starts first and stops last. Starting one
 * starts what it needs and does not run. Pure.
 */
export function planServices(
  stack: Stack,
  asked: Pick<ServicesInput, 'verb' | 'services' | 'dependents'>,
  { states, notBack }: Seen,
): ServicesPlan {
  const { verb } = asked;
  const stateOf = (name: string): AskedService | undefined => states.find((one) => one.service === name);
  const dependents = dependentsOf(stack, asked.services);
  const wanted = new Set([...asked.services, ...(asked.dependents ? dependents : [])]);
  const also = verb === 'start' ? notRunning(stack, [...wanted], (name) => !RUNS(stateOf(name))) : [];
  for (const name of also) wanted.add(name);
  const needed = dependencyOrder(stack).filter((name) => wanted.has(name));
  const order = verb === 'stop' ? [...needed].reverse() : needed;

  const still = consumersOf(stack, Object.keys(notBack));
  const refused = verb === 'stop' ? [] : order.filter((name) => still.includes(name));
  const left = dependents.filter((name) => !wanted.has(name) && RUNS(stateOf(name)));
  return {
    order,
    lines: [
      ...order.map((name) => {
        const why = also.includes(name) ? ', for what was asked needs it' : '';
        return `${verb} ${name}, which is ${stateWords(stateOf(name))}${why}`;
      }),
      ...(verb !== 'start' && left.length > 0
        ? [
            `${left.join(', ')} need${left.length === 1 ? 's' : ''} it, and run${left.length === 1 ? 's' : ''} on`,
          ]
        : []),
    ],
    refused: refused.map((name) => `${name} uses data that are not back`),
    unable: order.flatMap((name) => lackOf(stack, name, verb) ?? []),
  };
}

/** On a host the file says how services are started and stopped; compose knows it by itself. */
function lackOf(stack: Stack, name: string, verb: ServiceVerb): string | undefined {
  const service = stack.services[name];
  if (stack.runtime.host === undefined || service === undefined || service.unit !== undefined)
    return undefined;
  if (verb !== 'stop' && service.start === undefined) return `${name} has no start and no unit`;
  // What was started from here ends by a signal.
  return service.stop === undefined && service.start === undefined
    ? `${name} has no stop and no unit`
    : undefined;
}

/** What these need, directly or through others, and does not run. */
function notRunning(
  stack: Stack,
  services: readonly string[],
  isDown: (name: string) => boolean,
): readonly string[] {
  const found = new Set<string>();
  const visit = (name: string): void => {
    const service = stack.services[name];
    if (service === undefined) return;
    for (const one of requiredServices(stack, service)) {
      if (found.has(one)) continue;
      if (isDown(one) && !services.includes(one)) found.add(one);
      visit(one);
    }
  };
  services.forEach(visit);
  return [...found];
}

/** `running, healthy, 3 restarts`. */
export function stateWords(state: AskedService | undefined): string {
  if (state === undefined) return 'unknown';
  const { status, recorded, answer, health, restarts } = state;
  return [
    status === 'missing' ? 'not there' : recorded === true ? `${status} by a run` : status,
    ...(health === undefined ? [] : [health]),
    ...(answer === undefined ? [] : [`not answering: ${answer}`]),
    ...(restarts ? [`${restarts} restarts`] : []),
  ].join(', ');
}
