import { posix } from 'node:path';
import { isMapping, type ComposeMount, type ComposeService } from './compose-services.js';
import { interpolate } from './interpolate.js';
import { otherDatabase } from './recognise.js';

/** A place with data that a `files` store could archive. */
export interface FoundFiles {
  readonly kind: 'files';
  /** What it is called in the compose file. */
  readonly source: string;
  /** Full name of a volume, or a path. */
  readonly place: { readonly volume: string } | { readonly path: string };
  /** Services that mount it, by their compose names. */
  readonly services: readonly string[];
  /** Why it is only proposed as a comment; undefined for a store that is switched on. */
  readonly doubt?: string | undefined;
}

const CACHE =
  /(^|\/)(\.?cache|caches|tmp|node_modules|logs?|run)(\/|$)|^\/var\/(cache|log|run)\b|docker\.sock/i;
const DATA = /(^|[/_-])(data|storage|uploads?|media|files|db|documents?)([/_-]|$)/i;

/**
 * Volumes and folders of services that are no store themselves. Volumes become `files` stores; folders, caches and the
 * volumes of other databases are only proposed.
 *
 * @param services those that are no postgres or redis store
 */
export function findVolumes(
  services: readonly ComposeService[],
  compose: Readonly<Record<string, unknown>>,
  options: { project: string; known: Readonly<Record<string, string>>; folder: string },
): FoundFiles[] {
  const found = new Map<string, FoundFiles>();
  for (const service of services) {
    for (const mount of service.mounts) {
      if (mount.readOnly || CACHE.test(mount.target) || CACHE.test(mount.source)) continue;
      if (mount.type === 'bind' && !looksLikeData(mount)) continue;
      const key = `${mount.type} ${mount.source}`;
      const before = found.get(key);
      const database = otherDatabase(service);
      const doubt = database
        ? `${database} has no store of its own yet`
        : mount.type === 'bind'
          ? 'A folder of the host; it may be code or settings'
          : undefined;
      found.set(key, {
        kind: 'files',
        source: mount.source,
        place:
          mount.type === 'bind'
            ? { path: absolute(mount.source, options.folder) }
            : { volume: fullName(mount.source, compose, options) },
        services: [...new Set([...(before?.services ?? []), service.name])],
        doubt: doubt ?? before?.doubt,
      });
    }
  }
  return [...found.values()];
}

function looksLikeData(mount: ComposeMount): boolean {
  const file = /\.[a-z0-9]{1,6}$/i.test(mount.source);
  return (
    !file && (DATA.test(mount.source) || DATA.test(mount.target) || mount.target.startsWith('/var/lib/'))
  );
}

/** Relative paths of a compose file begin at its folder. */
const absolute = (path: string, folder: string): string =>
  path.startsWith('.') ? posix.join(folder, path) : path;

/** A volume's name for the engine: its `name`, its own when external, else with the project before it. */
function fullName(
  volume: string,
  compose: Readonly<Record<string, unknown>>,
  { project, known }: { project: string; known: Readonly<Record<string, string>> },
): string {
  const volumes = isMapping(compose['volumes']) ? compose['volumes'] : {};
  const options = Object.hasOwn(volumes, volume) ? volumes[volume] : undefined;
  const external = isMapping(options) ? options['external'] : undefined;
  const name = isMapping(external) ? external['name'] : isMapping(options) ? options['name'] : undefined;
  if (typeof name === 'string') {
    const { text } = interpolate(name, known);
    if (text !== '') return text;
  }
  return external === undefined || external === false || project === '' ? `${project}_${volume}` : volume;
}
