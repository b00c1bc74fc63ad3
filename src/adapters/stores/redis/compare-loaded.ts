import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, posix } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { ContentFacts } from '../../../contracts/stored/manifest.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';
import { compareFacts } from './compare-facts.js';
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
  /** Folder for the socket when the place is a container; on this host a private one is made. */
  readonly socketFolder: string | undefined;
  readonly state: Pick<RestoreState, 'facts' | 'factsBy' | 'databases' | 'modules'>;
}

/**
 * Loads an RDB into a Redis of our own where the data are and compares it with the backup's facts. The digest counts
 * only when the same major of the same product took it. Throws `store.mismatch`.
 */
export async function compareLoaded(options: CompareLoaded): Promise<string[]> {
  const { signal, place, serve, bin, rdb, state } = options;
  const [product] = state.factsBy.split(' ');
  const server = await findServer(bin, place, product);
  const cli = await findCli(bin, place, product);
  const own = options.socketFolder === undefined ? await mkdtemp(join(tmpdir(), 'steady-redis-')) : undefined;
  const socket = posix.join(own ?? options.socketFolder ?? '', 's');
  const where = { folder: posix.dirname(rdb), file: posix.basename(rdb), socket };
  try {
    const { databases, modules } = state;
    const throwaway = await startThrowaway({
      signal,
      place,
      serve,
      server,
      cli: cli.path,
      databases,
      modules,
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
  } finally {
    if (own !== undefined) await rm(own, { recursive: true, force: true });
  }
}

/** @throws `store.mismatch` naming at most five differences. */
export function assertEqual(wanted: ContentFacts, found: ContentFacts, digests: boolean): string[] {
  const { differences, findings } = compareFacts(digests ? wanted : { ...wanted, digests: {} }, found);
  if (differences.length === 0) return findings;
  const more = differences.length > 5 ? `; and ${differences.length - 5} more` : '';
  throw new SteadyError('store.mismatch', { differences: differences.slice(0, 5).join('; ') + more });
}
