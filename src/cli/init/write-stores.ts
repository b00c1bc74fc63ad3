import { withoutStoreWords } from './notes.js';
import type { Proposal, ProposedStore } from './proposal.js';
import { comment, flow, scalar } from './yaml-text.js';

/** `stores` of a steady.yaml: those that are backed up, then those that are only offered, with the reason. */
export function storesPart({ stores: active, proposedStores, withoutStore }: Proposal): string[] {
  const lines = [
    '# The parts that hold data. Passwords are references, read where the worker runs.',
    'stores:',
  ];
  const names = new Set(active.map(({ name }) => name));
  for (const store of active) lines.push(...storeLines(store).map((line) => `  ${line}`));
  for (const store of proposedStores)
    lines.push(...storeLines(store).map((line) => (line.startsWith('#') ? `  ${line}` : `  # ${line}`)));
  for (const one of withoutStore.filter(({ instead }) => instead.length === 0))
    lines.push(`  ${comment(`${one.service}: ${withoutStoreWords(one, names)}.`)}`);
  return lines;
}

function storeLines({ name, found }: ProposedStore): string[] {
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
  const users = found.services.join(', ');
  const words =
    found.doubt === undefined
      ? `Archived with ${users} stopped meanwhile.`
      : `${found.source} (${users}): ${found.doubt}. To archive it as files, with ${users} stopped meanwhile: take the # away, and name it in plans and under the needs of ${users}.`;
  return [comment(words), `${scalar(name)}:`, `  files: ${flow(place)}`];
}
