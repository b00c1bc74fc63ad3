import type { Proposal, WithoutStore } from './proposal.js';

/** What `steady init` says of a proposal on the screen: what it does not back up first. */
export function notesOf(proposal: Proposal): string[] {
  const active = new Set(proposal.stores.map(({ name }) => name));
  const forced = proposal.stores.filter(({ found }) => found.kind === 'files' && found.doubt !== undefined);
  const offered = new Set(proposal.withoutStore.flatMap(({ instead }) => instead));
  return [
    ...proposal.withoutStore.map((one) => `${one.service}: ${withoutStoreWords(one, active)}`),
    ...proposal.notBackedUp.map(({ what, why }) => `not backed up: ${what}, as ${why}`),
    ...proposal.proposedStores.flatMap(({ name, found }) =>
      found.kind === 'files' && !offered.has(name)
        ? [
            `not backed up: ${found.source} (${found.services.join(', ')}), as ${found.doubt}; it is in the file as a comment`,
          ]
        : [],
    ),
    ...forced.map(
      ({ name }) => `${name}: archived as files, with its services stopped meanwhile; look at it first`,
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

/** Why a data service is not backed up, and what is offered instead. */
export function withoutStoreWords(
  { why, instead, inContainer }: WithoutStore,
  active: ReadonlySet<string>,
): string {
  if (inContainer)
    return `${why}, so it is not backed up. It has no volume either: its data go with its container`;
  if (instead.length === 0) return `${why}, so it is not backed up`;
  const names = instead.join(', ');
  return instead.every((name) => active.has(name))
    ? `${why}; its files are archived instead (store ${names}), with the service stopped meanwhile`
    : `${why}, so it is not backed up. Offered instead, as a comment in the file: store ${names}, archived with the service stopped`;
}
