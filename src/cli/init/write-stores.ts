import type { FoundFiles } from './find-volumes.js';
import { stoppedWords, withoutStoreWords } from './notes.js';
import type { Proposal, ProposedStore } from './proposal.js';
import { comment, flow, scalar } from './yaml-text.js';

/** `stores` of a steady.yaml: those that are backed up, then those that are only offered, with the reason. */
export function storesPart(proposal: Proposal): string[] {
  const { stores: active, proposedStores, withoutStore, archived } = proposal;
  const lines = [
    '# The parts that hold data. Passwords are references, read where the worker runs.',
    'stores:',
  ];
  for (const store of active) lines.push(...storeLines(store, proposal).map((line) => `  ${line}`));
  for (const store of proposedStores)
    lines.push(
      ...storeLines(store, proposal).map((line) => (line.startsWith('#') ? `  ${line}` : `  # ${line}`)),
    );
  for (const one of withoutStore.filter(({ instead }) => instead.length === 0))
    lines.push(`  ${comment(`${one.service}: ${withoutStoreWords(one, archived)}.`)}`);
  return lines;
}

function storeLines({ name, found }: ProposedStore, proposal: Proposal): string[] {
  if (found.kind !== 'files') {
    const named =
      found.kind === 'postgres' && found.namedBy
        ? [comment(`A database that ${found.namedBy.join(', ')} names.`)]
        : [];
    const password =
      found.password &&
      flow(Object.fromEntries(Object.entries(found.password).map(([key, value]) => [key, scalar(value)])));
    const service = scalar(found.service);
    const options =
      found.kind === 'redis'
        ? { service, password }
        : { service, database: scalar(found.database), user: scalar(found.user), password };
    return [...named, `${scalar(name)}:`, `  ${found.kind}: ${flow(options)}`];
  }
  const place =
    'volume' in found.place ? { volume: scalar(found.place.volume) } : { path: scalar(found.place.path) };
  const words = archivedWords(name, proposal) ?? offeredWords(found);
  return [...words.map(comment), `${scalar(name)}:`, `  files: ${flow(place)}`];
}

/** What a `files` store that is switched on is there for, and what its backup stops; undefined for one only offered. */
function archivedWords(name: string, { archived, withoutStore }: Proposal): string[] | undefined {
  const own = archived.find(({ store }) => store === name);
  if (own === undefined) return undefined;
  const instead = withoutStore.filter((one) => one.instead.includes(name));
  if (instead.length === 0) return [`Archived every night; ${stoppedWords([own])}.`];
  return instead.map((one) => `${one.service}: ${withoutStoreWords(one, archived)}.`);
}

function offeredWords({ source, services, doubt }: FoundFiles): string[] {
  const users = services.join(', ');
  return [
    `${source} (${users}): ${doubt}. To archive it as files, with ${users} stopped meanwhile: take the # away, and name it in plans and under the needs of ${users}.`,
  ];
}
