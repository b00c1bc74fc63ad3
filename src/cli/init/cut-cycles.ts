import { findCycle } from '../../contracts/stack/dependencies.js';
import type { ProposedService } from './proposal.js';

/** Compose refuses cycles itself; one that comes in all the same is cut by making an edge optional. */
export function cutCycles(
  services: readonly ProposedService[],
  note: (text: string) => void,
): ProposedService[] {
  let list = [...services];
  for (;;) {
    const asStack = Object.fromEntries(list.map((service) => [service.name, { needs: [...service.needs] }]));
    const cycle = findCycle({ stores: {}, services: asStack as never });
    if (!cycle) return list;
    const [from, to] = [cycle[0], cycle[1]];
    note(`${cycle.join(' -> ')}: these need each other in a circle; ${from} needs ${to} was made optional`);
    list = list.map((service) => {
      if (service.name !== from) return service;
      return {
        ...service,
        needs: service.needs.map((need) => (need.name === to ? { ...need, optional: true } : need)),
      };
    });
  }
}
