import type { ComposeService } from './compose/service.js';
import type { ProposedStore, WithoutStore } from './proposal.js';
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
