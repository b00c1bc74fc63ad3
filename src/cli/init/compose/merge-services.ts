import type { ServicePart } from './read-service.js';

const unique = (list: readonly string[]): string[] => [...new Set(list)];

/**
 * A service of a later file over one of an earlier file, or a service over what it extends: mappings are joined, lists
 * added to, all else replaced. (Compose specification, 13-merge.)
 */
export function mergeServices(below: ServicePart, above: ServicePart): ServicePart {
  const under = <Field extends keyof ServicePart>(field: Field, empty: ServicePart[Field]) =>
    above.replaced.has(field) ? empty : below[field];
  return {
    image: above.image ?? under('image', undefined),
    environment: { ...under('environment', {}), ...above.environment },
    env_file: unique([...under('env_file', []), ...above.env_file]),
    entrypoint: above.entrypoint ?? under('entrypoint', undefined),
    command: above.command ?? under('command', undefined),
    depends_on: { ...under('depends_on', {}), ...above.depends_on },
    volumes: { ...under('volumes', {}), ...above.volumes },
    volumes_from: unique([...under('volumes_from', []), ...above.volumes_from]),
    ports: { ...under('ports', {}), ...above.ports },
    healthcheck: above.healthcheck ?? under('healthcheck', undefined),
    profiles: unique([...under('profiles', []), ...above.profiles]),
    labels: { ...under('labels', {}), ...above.labels },
    hosts: unique([...below.hosts, ...above.hosts]),
    extends: above.extends ?? below.extends,
    replaced: new Set([...below.replaced, ...above.replaced]),
  };
}
