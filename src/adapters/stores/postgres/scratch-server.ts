import { SteadyError } from '../../../contracts/failures.js';
import type { Secret } from '../../../contracts/secret.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { RuntimePort } from '../../runtimes/port.js';
import type { Detail } from './detail.js';
import { inFolder } from './find-tools.js';
import { toolVersion } from './versions.js';

/** A throwaway server that runs, and how it is reached. */
export interface ScratchServer {
  /** For the proof: `in a container of postgres:17`, `on the worker`. */
  readonly where: string;
  /** Fields of the store's configuration. */
  readonly config: Readonly<Record<string, string | number>>;
  readonly password?: Secret;
  /** Places tools where they reach it. */
  readonly runtime: RuntimePort;
  close(): Promise<void>;
}

export interface ScratchWanted {
  readonly major: number;
  readonly detail: Detail;
  /** Folder of this proof on the worker. */
  readonly folder: string;
  readonly settings: Readonly<Record<string, string>>;
  /** Name of its superuser. */
  readonly user: string;
}

/** The first of these folders with server programs of the major; undefined: by PATH. Fails with `tool.missing`. */
export async function serverFolder(
  folders: readonly (string | undefined)[],
  major: number,
  place: (argv: [string, ...string[]]) => PlacedTool,
  signal: AbortSignal,
): Promise<string | undefined> {
  const others = new Set<string>();
  for (const bin of folders) {
    const answer = await runTool(place([inFolder(bin, 'postgres'), '--version']), { signal }).catch(
      onlyMissing,
    );
    const version = answer && toolVersion(answer.stdout);
    if (version?.major === major) return bin;
    if (version) others.add(version.version);
  }
  throw new SteadyError('tool.missing', {
    tool: `PostgreSQL ${major} server (initdb, postgres)`,
    found: others.size > 0 ? [...others].join(', ') : undefined,
  });
}

function onlyMissing(error: unknown): undefined {
  if (error instanceof SteadyError && ['tool.missing', 'tool.failed'].includes(error.code)) return undefined;
  throw error;
}
