import type { Stack } from '../../contracts/stack/stack.js';
import type { StoreConfig } from '../../contracts/stack/stores.js';
import { placeAt } from './folders.js';
import type { CrossCheckReport } from './report.js';

/**
 * Data in two stores would be restored twice, over one another.
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
    ? `path ${placeAt(folder, files?.path ?? '').real}`
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
