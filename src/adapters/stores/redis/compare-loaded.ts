import { posix } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import type { StoreCall } from '../port.js';
import { withScratchFolder } from '../scratch-folder.js';
import { compareFacts } from './compare-facts.js';
import type { RedisStoreOptions } from './context.js';
import { workerPlace } from './live.js';
import { loadedFacts } from './loaded-facts.js';
import { findCli, findServer } from './programs.js';
import type { RestoreState } from './restore-state.js';
import { startThrowaway } from './throwaway.js';

export interface CompareLoaded {
  readonly signal: AbortSignal;
  readonly place: (tool: Tool) => PlacedTool;
  /** Places the server itself; left out: as its tools. */
  readonly serve?: ((tool: Tool) => PlacedTool) | undefined;
  readonly bin: string | undefined;
  /** Path of the RDB where the place sees it. */
  readonly rdb: string;
  /** Path of the socket where the place sees it, in a folder that is private. */
  readonly socket: string;
  readonly state: Pick<RestoreState, 'facts' | 'factsBy' | 'databases' | 'modules'>;
}

/**
 * Loads an RDB into a Redis of our own where the data are and compares it with the backup's facts. The digest counts
 * only when the same major of the same product took it. Throws `store.mismatch`.
 */
export async function compareLoaded(options: CompareLoaded): Promise<string[]> {
  const { signal, place, serve, bin, rdb, socket, state } = options;
  const [product] = state.factsBy.split(' ');
  const server = await findServer(bin, place, product);
  const cli = await findCli(bin, place, product);
  const where = { folder: posix.dirname(rdb), file: posix.basename(rdb), socket };
  const { databases, modules } = state;
  const throwaway = await startThrowaway({
    ...{ signal, place, serve, server, cli: cli.path },
    ...{ databases, modules },
    ...where,
  });
  try {
    const found = await loadedFacts(throwaway, signal);
    const by = `${server.version.product} ${server.version.major}`;
    const findings = assertEqual(state.facts, found, by === state.factsBy);
    if (by !== state.factsBy)
      findings.push(`digest not compared: taken by ${state.factsBy}, loaded by ${by}`);
    return [`loaded by ${server.version.product} ${server.version.version}`, ...findings];
  } finally {
    await throwaway.close();
  }
}

/** The same for an RDB that lies on this machine. */
export function compareHere(
  options: RedisStoreOptions,
  call: StoreCall,
  loaded: Pick<CompareLoaded, 'rdb' | 'state'>,
): Promise<string[]> {
  const place = workerPlace(options, call);
  // No more than a socket lies there: the system's own folder is the one that is surely not too deep for it.
  return withScratchFolder('redis', call, (folder) =>
    compareLoaded({
      ...{ ...loaded, signal: call.signal, place, bin: options.config.bin },
      socket: posix.join(folder, 's'),
    }),
  );
}

/** @throws `store.mismatch` naming at most five differences. */
export function assertEqual(wanted: ContentFacts, found: ContentFacts, digests: boolean): string[] {
  const { differences, findings } = compareFacts(digests ? wanted : { ...wanted, digests: {} }, found);
  if (differences.length === 0) return findings;
  const more = differences.length > 5 ? `; and ${differences.length - 5} more` : '';
  throw new SteadyError('store.mismatch', { differences: differences.slice(0, 5).join('; ') + more });
}
