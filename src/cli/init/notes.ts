import type { Archived, Proposal, WithoutStore } from './proposal.js';

/** What `steady init` says of a proposal on the screen: what it does not back up first. */
export function notesOf(proposal: Proposal): string[] {
  const forced = proposal.stores
    .filter(({ found }) => found.kind === 'files' && found.doubt !== undefined)
    .map(({ name }) => name);
  const told = new Set(proposal.withoutStore.flatMap(({ instead }) => instead));
  return [
    ...proposal.withoutStore.map((one) => `${one.service}: ${withoutStoreWords(one, proposal.archived)}`),
    ...proposal.notBackedUp.map(({ what, why }) => `not backed up: ${what}, as ${why}`),
    ...proposal.proposedStores.flatMap(({ name, found }) =>
      found.kind === 'files' && !told.has(name)
        ? [
            `not backed up: ${found.source} (${found.services.join(', ')}), as ${found.doubt}; it is in the file as a comment`,
          ]
        : [],
    ),
    ...proposal.archived
      .filter(({ store }) => !told.has(store) && !forced.includes(store))
      .map((one) => `${one.store}: archived as files every night; ${stoppedWords([one])}`),
    ...forced.map(
      (name) => `${name}: archived as files, with its services stopped meanwhile; look at it first`,
    ),
    ...proposal.stores.flatMap(({ name, found }) =>
      found.kind === 'postgres' && found.namedBy
        ? [`${name}: database ${found.database} is named by ${found.namedBy.join(', ')}; a guess`]
        : [],
    ),
    ...proposal.leftOutServices.map((name) => `${name}: left out, as it runs by profile or as a job only`),
    ...proposal.otherBackups.map(
      (what) => `${what}: makes or holds backups beside ours; switch it off after the first proof of ours`,
    ),
    ...proposal.imports.map((command) => `old dumps can be listed and proven like ours: ${command}`),
  ];
}

/** Its data are in a place that no service that runs has. */
const OFFER_WITHOUT_PLACE =
  '. Where it is to run: `steady init` with COMPOSE_PROFILES naming its profile proposes a store for it';

/** Why a data service has no store of its own, and what is done or offered instead. */
export function withoutStoreWords(
  { why, instead, inContainer }: WithoutStore,
  archived: readonly Archived[],
): string {
  if (inContainer)
    return `${why}, so it is not backed up. It has no volume either: its data go with its container`;
  if (instead.length === 0) return `${why}, so it is not backed up${OFFER_WITHOUT_PLACE}`;
  const active = archived.filter(({ store }) => instead.includes(store));
  const stores = active.map(({ store }) => store);
  const offered = instead.filter((name) => !stores.includes(name)).join(', ');
  const offer = `as a comment in the file: store ${offered}, archived with the service stopped`;
  if (active.length === 0) return `${why}, so it is not backed up. Offered instead, ${offer}`;
  const done = `it is stopped and archived every night (store ${stores.join(', ')}; ${stoppedWords(active)})`;
  return offered === '' ? `${why}; ${done}` : `${why}; ${done}. Offered too, ${offer}`;
}

/** Which services stand still while these stores are archived. */
export const stoppedWords = (archived: readonly Archived[]): string =>
  `stopped meanwhile: ${[...new Set(archived.flatMap(({ stopped }) => stopped))].join(', ')}`;
