import { consumersOf } from '../../contracts/stack/dependencies.js';
import type { ComposeService } from './compose/service.js';
import type { Archived, ProposedService, ProposedStore, WithoutStore } from './proposal.js';
import { whyNoStore } from './recognise.js';

/** Data services that are no store: each with the reason, and the places of theirs that are offered instead. */
export function servicesWithoutStore(
  services: readonly ComposeService[],
  stores: readonly ProposedStore[],
): WithoutStore[] {
  return services.flatMap((service) => {
    const why = whyNoStore(service);
    if (why === undefined) return [];
    const instead = stores
      .filter(({ found }) => found.kind === 'files' && found.services.includes(service.name))
      .map(({ name }) => name);
    return [{ service: service.name, why, instead, inContainer: service.mounts.length === 0 }];
  });
}

/** What each `files` store that is switched on costs: the services that a backup of it stops, as a run would find them. */
export function archivedOf(
  active: readonly ProposedStore[],
  services: readonly ProposedService[],
): Archived[] {
  const asStack = Object.fromEntries(services.map(({ name, needs }) => [name, { needs: [...needs] }]));
  return active
    .filter(({ found }) => found.kind === 'files')
    .map(({ name }) => ({
      store: name,
      stopped: consumersOf({ stores: {}, services: asStack as never }, [name]),
    }));
}
