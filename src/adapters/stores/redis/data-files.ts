import { posix } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import { runTool, type ToolOutput } from '../../../pipelines/run-tool.js';
import type { PlacedTool, Tool } from '../../../pipelines/tool.js';

/**
 * Work on files where a server's data folder is: on this host, or in a throwaway container with the service's volumes.
 * Plain coreutils, no shell; GNU and busybox both know every option used.
 */
export interface DataFiles {
  /** The folder all paths are relative to. */
  readonly folder: string;
  path(...parts: string[]): string;
  place(tool: Tool): PlacedTool;
  /** Names in a folder, or undefined when it is not there. */
  list(...parts: string[]): Promise<string[] | undefined>;
  makeFolder(...parts: string[]): Promise<void>;
  /** Moves entries of one folder into another; renames, so both must lie on one file system. */
  moveInto(from: string, names: readonly string[], to: string): Promise<void>;
  /** Renames one entry; the new name must be free. */
  rename(from: string, to: string): Promise<void>;
  copy(from: string, to: string): Promise<void>;
  remove(...paths: string[]): Promise<void>;
  write(path: string, content: string): Promise<void>;
  read(path: string): Promise<string>;
  /** The tool that writes its stdin to a file and has it on disk at its end. */
  writer(path: string): PlacedTool;
  /** Gives everything under a path to the owner of the data folder, readable by that owner alone. */
  ownAsFolder(path: string): Promise<void>;
  /** Free bytes on the folder's file system. */
  free(): Promise<number>;
}

export interface DataFilesOptions {
  readonly folder: string;
  readonly place: (tool: Tool) => PlacedTool;
  readonly signal: AbortSignal;
}

export function createDataFiles({ folder, place, signal }: DataFilesOptions): DataFiles {
  const path = (...parts: string[]): string => posix.join(folder, ...parts);
  const run = (argv: readonly [string, ...string[]], limitSeconds = 60): Promise<ToolOutput> =>
    runTool(place({ argv, env: { LC_ALL: 'C' } }), { signal, limitSeconds });
  const writer = (to: string): PlacedTool =>
    place({ argv: ['dd', `of=${path(to)}`, 'bs=1M', 'conv=fsync'], env: { LC_ALL: 'C' } });
  const onlyIfThere = (names: readonly string[], from: string): string[] =>
    names.map((name) => path(from, name));

  return {
    folder,
    path,
    place,
    writer,
    async list(...parts) {
      try {
        const { stdout } = await run(['ls', '-1A', '--', path(...parts)]);
        return stdout.split('\n').filter((name) => name !== '');
      } catch (error) {
        if (error instanceof SteadyError && /No such file/.test(String(error.facts['says'])))
          return undefined;
        throw error;
      }
    },
    async makeFolder(...parts) {
      // Data of others pass through it: nobody else needs to look in.
      await run(['mkdir', '-p', '-m', '700', '--', path(...parts)]);
    },
    async moveInto(from, names, to) {
      if (names.length > 0) await run(['mv', '--', ...onlyIfThere(names, from), `${path(to)}/`]);
    },
    async rename(from, to) {
      await run(['mv', '--', path(from), path(to)]);
    },
    async copy(from, to) {
      await run(['cp', '--', path(from), path(to)], 3600);
    },
    async remove(...paths) {
      if (paths.length > 0) await run(['rm', '-rf', '--', ...paths.map((each) => path(each))], 600);
    },
    async write(to, content) {
      await runTool(writer(to), { signal, input: content });
    },
    async read(from) {
      return (await run(['cat', '--', path(from)])).stdout;
    },
    async ownAsFolder(each) {
      const owner = (await run(['stat', '-c', '%u:%g', '--', folder])).stdout.trim();
      await run(['chown', '-R', owner, '--', path(each)]);
      await run(['chmod', '-R', 'u=rwX,go=', '--', path(each)]);
    },
    async free() {
      const { stdout } = await run(['df', '-P', '-k', '--', folder]);
      // POSIX output: a header, then device, total, used, available, capacity, mount point.
      const available = Number(stdout.trim().split('\n').at(-1)?.split(/\s+/)[3]);
      if (!Number.isFinite(available))
        throw new SteadyError('tool.failed', { tool: 'df', says: stdout.slice(0, 200) });
      return available * 1024;
    },
  };
}
