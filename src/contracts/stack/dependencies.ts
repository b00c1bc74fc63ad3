import { SteadyError } from '../failures.js';
import type { ServiceConfig } from './services.js';
import type { Stack } from './stack.js';
import { theOne } from '../one-of.js';

/** The parts of a stack that its order of stopping and starting depends on. */
export type Needy = Pick<Stack, 'stores' | 'services'>;

export interface Edge {
  /** A store or a service. */
  readonly name: string;
  readonly optional: boolean;
}

/** What a service needs, in the order of the file. */
export function needsOf(service: Pick<ServiceConfig, 'needs'>): Edge[] {
  return service.needs.map((need) =>
    typeof need === 'string' ? { name: need, optional: false } : { name: need.name, optional: need.optional },
  );
}

/** Stores that a service needs. */
export function storesNeededBy(stack: Needy, service: string): string[] {
  const config = stack.services[service];
  return config === undefined
    ? []
    : needsOf(config).flatMap(({ name }) => (Object.hasOwn(stack.stores, name) ? [name] : []));
}

/** Services that others need, and all of those can do without. What nobody needs is there for people: it is required. */
export function optionalServices(stack: Needy): string[] {
  const edges = Object.values(stack.services).flatMap(needsOf);
  return Object.keys(stack.services).filter((name) => {
    const own = edges.filter((edge) => edge.name === name);
    return own.length > 0 && own.every((edge) => edge.optional);
  });
}

/** Services that hold a store: they are the store's own server, and are no consumers of it. */
export function holdersOf(stack: Needy, store: string): string[] {
  // A name that is no store may be one that every object has, such as `constructor`.
  const config = Object.hasOwn(stack.stores, store) ? stack.stores[store] : undefined;
  if (!config) return [];
  const { options } = theOne(config);
  const container = 'service' in options ? options.service : undefined;
  if (container === undefined) return [];
  return Object.entries(stack.services)
    .filter(([name, service]) => (service.container ?? name) === container)
    .map(([name]) => name);
}

/**
 * All services in the order they start: what is needed first. Services that don't depend on each other keep the order
 * of the file. Optional edges are left out: they neither block nor order. Throws `config.invalid` for a cycle.
 */
export function dependencyOrder(stack: Needy): string[] {
  const cycle = findCycle(stack);
  if (cycle)
    throw new SteadyError('config.invalid', { reason: 'needs form a cycle', cycle: cycle.join(' -> ') });
  const order: string[] = [];
  const visit = (name: string): void => {
    const service = stack.services[name];
    if (!service || order.includes(name)) return;
    for (const edge of requiredServices(stack, service)) visit(edge);
    order.push(name);
  };
  for (const name of Object.keys(stack.services)) visit(name);
  return order;
}

/**
 * Services that cannot do without one of these stores, directly or through a service they need, in the order they are
 * stopped: dependents first. They start in the reverse order ({@link startOrder}). An optional need neither stops nor
 * starts anything. Throws `config.invalid` for a cycle.
 *
 * @param stores names of stores
 */
export function consumersOf(stack: Needy, stores: readonly string[]): string[] {
  const affected = new Set<string>(stores);
  const holders = new Set(stores.flatMap((store) => holdersOf(stack, store)));
  const order = dependencyOrder(stack);
  for (const name of order) {
    const service = stack.services[name];
    if (!service || holders.has(name)) continue;
    const needed = needsOf(service).filter((edge) => !edge.optional);
    if (needed.some((edge) => affected.has(edge.name) || holders.has(edge.name))) affected.add(name);
  }
  return order.filter((name) => affected.has(name)).reverse();
}

/** Services that cannot do without one of these services, directly or through others; in the order of starting. */
export function dependentsOf(stack: Needy, services: readonly string[]): string[] {
  const affected = new Set(services);
  return dependencyOrder(stack).filter((name) => {
    const service = stack.services[name];
    const needs = service !== undefined && requiredServices(stack, service).some((one) => affected.has(one));
    if (needs) affected.add(name);
    return needs && !services.includes(name);
  });
}

/** Stores that these services hold: whoever restarts one interrupts whoever uses its store. */
export function storesHeldBy(stack: Needy, services: readonly string[]): string[] {
  return Object.keys(stack.stores).filter((store) =>
    holdersOf(stack, store).some((holder) => services.includes(holder)),
  );
}

/** The order in which stopped services start again: the reverse of the order they were stopped in. */
export function startOrder(stopped: readonly string[]): string[] {
  return [...stopped].reverse();
}

/** A cycle of required needs as `a, b, a`; undefined when there is none. */
export function findCycle(stack: Needy): string[] | undefined {
  const done = new Set<string>();
  const visit = (name: string, trail: readonly string[]): string[] | undefined => {
    const start = trail.indexOf(name);
    if (start !== -1) return [...trail.slice(start), name];
    const service = stack.services[name];
    if (!service || done.has(name)) return undefined;
    for (const needed of requiredServices(stack, service)) {
      const cycle = visit(needed, [...trail, name]);
      if (cycle) return cycle;
    }
    done.add(name);
    return undefined;
  };
  for (const name of Object.keys(stack.services)) {
    const cycle = visit(name, []);
    if (cycle) return cycle;
  }
  return undefined;
}

/** Services a service needs: named ones, and those that hold a store it needs. */
export function requiredServices(stack: Needy, service: ServiceConfig): string[] {
  return needsOf(service)
    .filter((edge) => !edge.optional)
    .flatMap(({ name }) => (Object.hasOwn(stack.services, name) ? [name] : holdersOf(stack, name)));
}
