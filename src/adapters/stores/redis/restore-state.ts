import { z } from 'zod';
import { contentFactsSchema, type ContentFacts, type Manifest } from '../../../contracts/stored/manifest.js';
import type { RestorePlace } from '../port.js';
import type { DataFiles } from './data-files.js';
import { detailOf } from './detail.js';

/**
 * Folders of one restore, inside the data folder:
 * - `.steady-<token>/ready` the new data as they will lie; `…/old` the replaced ones while they are being moved
 * - `steady-old-<day>-<token>` the replaced data, complete; being there means that moving aside is over
 * - `steady-undone-<day>-<token>` after an undo: the data that were live until then
 */
export function namesOf(place: RestorePlace): {
  work: string;
  ready: string;
  moving: string;
  old: string;
  undone: string;
} {
  const day = place.at.slice(0, 10).replaceAll('-', '');
  const work = `.steady-${place.token}`;
  return {
    work,
    ready: `${work}/ready`,
    moving: `${work}/old`,
    old: `steady-old-${day}-${place.token}`,
    undone: `steady-undone-${day}-${place.token}`,
  };
}

/** File in the work folder, and later in the kept one, with what later phases must know while the server is down. */
export const STATE_FILE = '.steady-state.json';

const stateSchema = z.object({
  version: z.literal(1),
  facts: contentFactsSchema,
  factsBy: z.string(),
  rdbVersion: z.number(),
  databases: z.number(),
  modules: z.array(z.string()),
  /** `unknown` when the server was down: both forms were laid out. */
  appendonly: z.enum(['yes', 'no', 'unknown']),
  appendEntry: z.string().describe('folder or file of the append-only data, in the data folder'),
  /** Path of the loaded RDB below the work folder. */
  rdb: z.string(),
  /** Entries of the data folder that are the server's data: they are moved aside. */
  entries: z.array(z.string()),
  stoppedAt: z.string().optional(),
  gapSeconds: z.number().optional(),
});
export type RestoreState = z.infer<typeof stateSchema>;

export async function readState(files: DataFiles, folder: string): Promise<RestoreState | undefined> {
  const names = await files.list(folder);
  if (!names?.includes(STATE_FILE)) return undefined;
  return stateSchema.parse(JSON.parse(await files.read(`${folder}/${STATE_FILE}`)));
}

export async function writeState(files: DataFiles, folder: string, state: RestoreState): Promise<void> {
  await files.write(`${folder}/${STATE_FILE}`, `${JSON.stringify(state)}\n`);
}

/** Facts a loaded copy can be compared with: modules are the server's own matter and are looked at before. */
export function comparableFacts(manifest: Manifest): ContentFacts {
  const { modules: _, ...names } = manifest.facts.names;
  return { ...manifest.facts, names };
}

export function stateOf(
  manifest: Manifest,
): Pick<RestoreState, 'facts' | 'factsBy' | 'rdbVersion' | 'databases' | 'modules'> {
  const { factsBy, rdbVersion, databases, modules } = detailOf(manifest);
  return { facts: comparableFacts(manifest), factsBy, rdbVersion, databases, modules };
}
