import type { ComposeMount, ComposeProject, ComposeService } from './compose/service.js';
import { holdsItsData, isArchivedInstead, isHome, looksLikeBackup, whyNoStore } from './recognise.js';

/** A place with data that a `files` store could archive. */
export interface FoundFiles {
  readonly kind: 'files';
  /** What it is called in the compose file: a volume's name, or a path as the file's folder sees it. */
  readonly source: string;
  /** Full name of a volume, or a path. */
  readonly place: { readonly volume: string } | { readonly path: string };
  /** Services that mount it, by their compose names. */
  readonly services: readonly string[];
  /** Why it is only proposed as a comment; undefined for a store that is switched on. */
  readonly doubt?: string | undefined;
}

/** A place that is mounted and that no store holds. */
export interface NotBackedUp {
  readonly what: string;
  readonly why: string;
}

const CACHE =
  /(^|\/)(\.?cache|caches|tmp|node_modules|logs?|run)(\/|$)|^\/var\/(cache|log|run)\b|docker\.sock/i;
const MODELS = /(^|\/)(\.ollama|models?|huggingface)(\/|$)/i;
const DATA = /(^|[/_-])(data|storage|uploads?|media|files|db|documents?)([/_-]|$)/i;

export interface VolumesIn {
  readonly project: ComposeProject;
  /** The project's name, which the engine puts before those of volumes. */
  readonly prefix: string;
  /** Services that are PostgreSQL or Redis stores. */
  readonly stores: ReadonlySet<string>;
  /** Services that do not run all the time. */
  readonly leftOut: ReadonlySet<string>;
  /** A path as the compose file would write it. */
  readonly shown: (path: string) => string;
}

interface Use {
  readonly service: ComposeService;
  readonly mount: ComposeMount;
  /** The mount's source as the compose file writes it: folders above say nothing about what it holds. */
  readonly source: string;
}

/**
 * Volumes and folders of all services. Volumes of running services become `files` stores; folders, and the volumes of
 * most databases without a store of their own, are only proposed; what is left is named with a reason.
 */
export function findVolumes(within: VolumesIn): { found: FoundFiles[]; not: NotBackedUp[] } {
  const found: FoundFiles[] = [];
  const not: NotBackedUp[] = [];
  for (const uses of placesOf(within)) {
    const [first] = uses;
    if (first === undefined) continue;
    const { mount, source } = first;
    const covered = uses.some(
      ({ service, mount: own }) => within.stores.has(service.name) && holdsItsData(service, own.target),
    );
    if (covered) continue;
    const live = uses.filter((use) => isLive(use, within));
    const why = whyNot(uses, live, within);
    if (why === undefined) {
      found.push({
        kind: 'files',
        source,
        place: mount.type === 'bind' ? { path: mount.source } : { volume: fullName(mount.source, within) },
        services: [...new Set(live.map(({ service }) => service.name))],
        doubt: doubtOf(live),
      });
    } else if (why !== '') {
      const where = `${[...new Set(uses.map(({ service }) => service.name))].join(', ')} at ${mount.target}`;
      const what = mount.type === 'anonymous' ? `an unnamed volume (${where})` : `${source} (${where})`;
      not.push({ what, why });
    }
  }
  return { found, not };
}

/** All mounts, those of one volume or folder together; each unnamed volume by itself. */
function placesOf({ project, shown }: VolumesIn): Use[][] {
  const places = new Map<string, Use[]>();
  for (const service of project.services) {
    for (const mount of service.mounts) {
      const own = mount.type === 'anonymous' ? `${service.name} ${mount.target}` : mount.source;
      const key = `${mount.type} ${own}`;
      const source = mount.type === 'bind' ? shown(mount.source) : mount.source;
      places.set(key, [...(places.get(key) ?? []), { service, mount, source }]);
    }
  }
  return [...places.values()];
}

const isCache = ({ mount, source }: Use): boolean => CACHE.test(mount.target) || CACHE.test(source);

const isLive = (use: Use, { leftOut, stores }: VolumesIn): boolean =>
  !use.mount.readOnly &&
  !leftOut.has(use.service.name) &&
  !stores.has(use.service.name) &&
  !looksLikeBackup(use.service);

/** As far as its name tells: `nginx.conf`, `.env`, `docker.sock`. */
const isFile = (target: string): boolean => /\.[a-z]+$/i.test(target);

/** Undefined: it can be a store; empty: settings or code, not worth a word of its own. */
function whyNot(
  uses: readonly Use[],
  live: readonly Use[],
  { stores, leftOut }: VolumesIn,
): string | undefined {
  const { type } = uses[0]?.mount ?? {};
  if (type === 'bind' && uses.every(({ mount }) => mount.readOnly || isFile(mount.target))) return '';
  if (uses.some(isCache)) return 'it looks like a cache or logs';
  if (uses.some(({ mount }) => MODELS.test(mount.target)))
    return 'it looks like models, which can be fetched again';
  if (type === 'anonymous') return 'it has no name: give it one in the compose file';
  if (type === 'bind' && !uses.some(looksLikeData))
    return 'it may be code or settings: if not, make a `files` store of it';
  if (live.length > 0) return undefined;
  if (uses.every(({ mount }) => mount.readOnly)) return 'it is only read here';
  if (uses.some(({ service }) => stores.has(service.name))) return 'it lies beside the data of a database';
  if (uses.some(({ service }) => looksLikeBackup(service))) return 'a backup service writes there';
  if (uses.every(({ service }) => leftOut.has(service.name)))
    return 'what uses it runs with a profile or as a job only';
  return 'no service that runs all the time writes there';
}

function doubtOf(live: readonly Use[]): string | undefined {
  const bind = live.some(({ mount }) => mount.type === 'bind');
  const database = live.find(
    ({ service }) => whyNoStore(service) !== undefined && (bind || !isArchivedInstead(service)),
  )?.service;
  if (database) return whyNoStore(database);
  return bind ? 'a folder of the host may be code or settings' : undefined;
}

function looksLikeData({ mount, source }: Use): boolean {
  if (/\.[a-z0-9]{1,6}$/i.test(source)) return false;
  return (
    isHome(mount.target) ||
    DATA.test(source) ||
    DATA.test(mount.target) ||
    mount.target.startsWith('/var/lib/')
  );
}

/** A volume's name for the engine: its own where the compose file gives one, else with the project before it. */
function fullName(volume: string, { project, prefix }: VolumesIn): string {
  return project.volumes[volume] ?? `${prefix}_${volume}`;
}
