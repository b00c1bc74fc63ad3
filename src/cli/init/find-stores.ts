import type { ComposeProject, ComposeService } from './compose/service.js';
import { databasesNamedBy } from './find-databases.js';
import type { Known } from './find-services.js';
import { postgresStore, redisStore, type FoundPostgres, type Surroundings } from './read-stores.js';
import type { ProposedStore } from './proposal.js';
import { productOf, whyNoStore } from './recognise.js';

interface FoundStores {
  readonly stores: readonly ProposedStore[];
  /** By compose service. */
  readonly known: ReadonlyMap<string, Known>;
}

/** The PostgreSQL and Redis services of a project as stores; a server with several databases has one store each. */
export function findStores(
  project: ComposeProject,
  { nameOf, note }: { nameOf: (wanted: string, otherwise: string) => string; note: (text: string) => void },
): FoundStores {
  const around: Surroundings = { secrets: project.secrets, note, variable: variables() };
  const stores: ProposedStore[] = [];
  const known = new Map<string, Known>();
  for (const service of project.services) {
    const product = productOf(service);
    if ((product !== 'PostgreSQL' && product !== 'Redis') || whyNoStore(service) !== undefined) continue;
    const all =
      product === 'Redis'
        ? [redisStore(service, around)]
        : allDatabases(postgresStore(service, around), service, project.services);
    const own = all.map((found, index) => ({
      name: nameOf(
        index === 0 || found.kind === 'redis' ? service.name : `${service.name}-${found.database}`,
        'store',
      ),
      found,
    }));
    stores.push(...own);
    const names = own.map(({ name, found }) => ({
      name,
      database: found.kind === 'postgres' ? found.database : undefined,
    }));
    known.set(service.name, { hosts: service.hosts, isStore: true, names });
  }
  return { stores, known };
}

/** The server's own database first, then those that other services name. */
function allDatabases(
  own: FoundPostgres,
  server: ComposeService,
  services: readonly ComposeService[],
): FoundPostgres[] {
  const namedBy = new Map<string, string[]>();
  for (const service of services)
    for (const database of databasesNamedBy(service, server.hosts))
      namedBy.set(database, [...(namedBy.get(database) ?? []), service.name]);
  namedBy.delete(own.database);
  const more = [...namedBy].map(([database, by]) => ({ ...own, database, namedBy: by }));
  // Without a name of its own the server has none but `postgres`, which is empty as a rule.
  const isOwn = ['POSTGRES_DB', 'POSTGRESQL_DATABASE'].some((name) => server.environment[name] !== undefined);
  return isOwn || more.length === 0 ? [own, ...more] : more;
}

function variables(): Surroundings['variable'] {
  const taken = new Set<string>();
  return (service, usual) => {
    const ofService = service.name.toUpperCase().replaceAll(/[^A-Z0-9]+/g, '_');
    // No variable begins with a digit; and `a-b` is another service than `a_b`.
    const own = `${ofService}_${usual}`.replace(/^(?=\d)/, '_');
    let name = usual;
    for (let count = 1; taken.has(name); count++) name = count === 1 ? own : `${own}_${count}`;
    taken.add(name);
    return name;
  };
}
