import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import { toolVersion } from './versions.js';

/** Where packages put the tools of each major: Debian's and PGDG's layouts. */
const PACKAGE_FOLDERS = [
  { parent: '/usr/lib/postgresql', folder: /^(\d+)$/ },
  { parent: '/usr', folder: /^pgsql-(\d+)$/ },
];

export interface ToolFolder {
  /** Undefined: by PATH. */
  readonly bin: string | undefined;
  readonly version: string;
  readonly major: number;
}

/** Folders with packaged tools on this machine, by major, oldest first. */
export function packagedFolders(): { major: number; bin: string }[] {
  const found = PACKAGE_FOLDERS.flatMap(({ parent, folder }) => {
    let names: string[] = [];
    try {
      names = readdirSync(parent);
    } catch {
      return [];
    }
    return names.flatMap((name) => {
      const major = folder.exec(name)?.[1];
      return major === undefined ? [] : [{ major: Number(major), bin: join(parent, name, 'bin') }];
    });
  });
  return found.sort((a, b) => a.major - b.major);
}

/** The program in a folder, or by PATH. */
export function inFolder(bin: string | undefined, program: string): string {
  return bin === undefined ? program : `${bin.replace(/\/$/, '')}/${program}`;
}

export interface FindToolsOptions {
  readonly place: (argv: [string, ...string[]]) => PlacedTool;
  readonly signal: AbortSignal;
  /** Given in the configuration: nothing else is looked at. */
  readonly bin: string | undefined;
  /** Whether packages of this machine count; inside a container only PATH does. */
  readonly local: boolean;
  readonly wanted: number;
}

/**
 * The client tools nearest to the server's major, from it upwards: a newer pg_dump can dump an older server, but writes
 * archives that only a newer pg_restore reads. Fails with `store.tool-too-old` or `tool.missing`.
 */
export async function dumpTools(options: FindToolsOptions): Promise<ToolFolder> {
  const packaged = options.bin === undefined && options.local ? packagedFolders() : [];
  const folders = [...packaged.filter((f) => f.major >= options.wanted).map((f) => f.bin), options.bin];
  let newest: ToolFolder | undefined;
  for (const bin of folders) {
    const found = await versionIn(bin, options);
    if (found && found.major >= options.wanted) return found;
    if (found) newest = found;
  }
  if (newest === undefined)
    throw new SteadyError('tool.missing', { tool: inFolder(options.bin, 'pg_dump'), wanted: options.wanted });
  throw new SteadyError('store.tool-too-old', {
    tool: 'pg_dump',
    found: newest.version,
    wanted: options.wanted,
  });
}

async function versionIn(
  bin: string | undefined,
  options: FindToolsOptions,
): Promise<ToolFolder | undefined> {
  try {
    const answer = await runTool(options.place([inFolder(bin, 'pg_dump'), '--version']), {
      signal: options.signal,
      limitSeconds: 30,
    });
    const version = toolVersion(answer.stdout);
    return version && { bin, ...version };
  } catch (error) {
    if (error instanceof SteadyError && (error.code === 'tool.missing' || error.code === 'tool.failed'))
      return undefined;
    throw error;
  }
}
