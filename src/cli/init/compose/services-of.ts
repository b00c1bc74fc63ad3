import { parseEnvText } from './env-file.js';
import type { Variables } from './interpolate.js';
import type { ReadText } from './read-file.js';
import type { ServicePart } from './read-service.js';
import type { ComposeMount, ComposeService, Written } from './service.js';
import { byName } from './values.js';

interface Around {
  readonly read: ReadText;
  readonly variables: Variables;
  /** Profiles that are switched on. */
  readonly profiles: ReadonlySet<string>;
  readonly shown: (path: string) => string;
}

/** The services of all files together, with their env files and the volumes they take from others. */
export function servicesOf(parts: Readonly<Record<string, ServicePart>>, around: Around): ComposeService[] {
  return Object.entries(parts).map(([name, part]) => {
    const missing = part.env_file.filter((path) => around.read(path) === undefined).map(around.shown);
    const active = part.profiles.length === 0 || around.profiles.has('*');
    return {
      name,
      image: part.image ?? '',
      environment: { ...fromEnvFiles(part, around), ...part.environment },
      missingEnvFiles: missing,
      commands: [part.entrypoint, part.command].filter((one) => one !== undefined),
      dependsOn: dependsOn(part),
      mounts: mountsOf(name, parts),
      ports: part.ports,
      healthTest: part.healthcheck ?? '',
      byProfileOnly: !active && !part.profiles.some((profile) => around.profiles.has(profile)),
      labels: part.labels,
      hosts: [name, ...part.hosts],
    };
  });
}

/** A later file counts before an earlier one, `environment` before all. */
function fromEnvFiles(part: ServicePart, around: Around): Record<string, Written> {
  const entries = part.env_file.flatMap((path) =>
    Object.entries(parseEnvText(around.read(path) ?? '', around.variables)).map(
      ([name, text]) => [name, { raw: text, text, known: true, envFile: around.shown(path) }] as const,
    ),
  );
  return byName(entries);
}

const dependsOn = (part: ServicePart): ComposeService['dependsOn'] => {
  const taken = part.volumes_from
    .map((one) => one.split(':')[0] ?? '')
    .filter((name) => name !== 'container');
  const more = taken.filter((name) => name !== '' && !Object.hasOwn(part.depends_on, name));
  return [...Object.values(part.depends_on), ...more.map((name) => ({ name, required: true, job: false }))];
};

/** Its own mounts and those of `volumes_from`, which may have theirs from others again. */
function mountsOf(
  name: string,
  parts: Readonly<Record<string, ServicePart>>,
  on: readonly string[] = [],
): ComposeMount[] {
  const part = Object.hasOwn(parts, name) ? parts[name] : undefined;
  if (part === undefined || on.includes(name)) return [];
  const taken = part.volumes_from.flatMap((one) => {
    const [from = '', mode] = one.split(':');
    return mountsOf(from, parts, [...on, name]).map((mount) => ({
      ...mount,
      readOnly: mount.readOnly || mode === 'ro',
    }));
  });
  const byTarget = new Map([...taken, ...Object.values(part.volumes)].map((mount) => [mount.target, mount]));
  return [...byTarget.values()];
}
