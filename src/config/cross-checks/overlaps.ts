import { isAbsolute, relative, resolve, sep } from 'node:path';
import type { Stack } from '../../contracts/stack/stack.js';
import type { StoreConfig } from '../../contracts/stack/stores.js';
import type { CrossCheckReport } from './report.js';

/**
 * Data in two stores would be restored twice, over one another; backups inside of what is backed up grow without end.
 *
 * @param folder of the stack file: relative paths begin there
 */
export function checkOverlaps(stack: Stack, report: CrossCheckReport, folder: string): void {
  const stores = Object.entries(stack.stores);
  for (const [index, [name, store]] of stores.entries()) {
    const place = placeOf(store, folder);
    const other = stores.slice(0, index).find(([, one]) => placeOf(one, folder) === place);
    if (other)
      report.warn(
        ['stores', name],
        `the same ${KINDS[kindOf(store)]} as store ${other[0]}: it is backed up twice, and a restore of one replaces the other`,
        { at: 'key' },
      );
    if (store.files?.path !== undefined)
      checkFolder(stack, report, { name, path: resolve(folder, store.files.path), folder });
  }
}

const KINDS = { postgres: 'database', redis: 'server', files: 'folder or volume' } as const;

const kindOf = (store: StoreConfig): keyof typeof KINDS =>
  store.postgres ? 'postgres' : store.redis ? 'redis' : 'files';

/** Where the data of a store are, so that two of the same place are equal. */
function placeOf({ postgres, redis, files }: StoreConfig, folder: string): string {
  if (postgres) return `postgres ${serverOf(postgres)} ${postgres.database}`;
  if (redis) return `redis ${serverOf(redis)}`;
  return files?.volume === undefined
    ? `path ${resolve(folder, files?.path ?? '')}`
    : `volume ${files.volume}`;
}

function serverOf(at: {
  readonly service?: string | undefined;
  readonly host?: string | undefined;
  readonly port: number;
}): string {
  if (at.service !== undefined) return `service ${at.service} ${at.port}`;
  const host = (at.host ?? '127.0.0.1').toLowerCase();
  return `host ${['localhost', '::1'].includes(host) ? '127.0.0.1' : host} ${at.port}`;
}

function checkFolder(
  stack: Stack,
  report: CrossCheckReport,
  of: { readonly name: string; readonly path: string; readonly folder: string },
): void {
  const at = ['stores', of.name, 'files', 'path'];
  if (of.path === sep) {
    report.warn(at, 'the whole machine, running databases with it: name the folders that hold data');
    return;
  }
  const { directory } = stack.storage.main;
  if (directory === undefined) return;
  const inside = relative(of.path, resolve(of.folder, directory.path));
  if (inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside)) return;
  if (isLeftOut(inside, stack.stores[of.name]?.files?.exclude ?? [])) return;
  const message =
    'storage.main.directory lies in it: each backup would hold all earlier ones; move storage elsewhere, or name it in exclude';
  report.warn(at, message);
}

/** Whether tar leaves a folder out: by the name, or the end of the path, of it or of a folder it is in. No wildcards. */
function isLeftOut(inside: string, exclude: readonly string[]): boolean {
  const parts = inside.split(sep);
  const above = parts.map((_, index) => `/${parts.slice(0, index + 1).join('/')}`);
  return exclude.some((pattern) => {
    const end = `/${pattern.replace(/^(\.?\/)+/, '').replace(/\/+$/, '')}`;
    return end !== '/' && above.some((path) => path.endsWith(end));
  });
}
