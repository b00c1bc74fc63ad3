import { SteadyError } from '../../../contracts/failures.js';
import { runTool, type ToolOutput } from '../../../pipelines/run-tool.js';
import type { StoreCall } from '../port.js';
import type { Root } from './context.js';

/** Moving a whole tree into another folder of one file system is quick; removing one takes its time. In seconds. */
const SHORT = 120;
const LONG = 6 * 3600;

/** Work on folders by plain tools, where a root is. Names of any bytes pass through find and never through text. */
export interface FolderWork {
  /** `folder`, `other`, or `none`. A symbolic link is looked through. */
  kind(path: string): Promise<'folder' | 'other' | 'none'>;
  /** The path with all symbolic links resolved. */
  real(path: string): Promise<string>;
  /** Whether a folder holds nothing. */
  empty(path: string): Promise<boolean>;
  make(path: string): Promise<void>;
  /** Renames; the new name must be free. Fails with `tool.failed` across file systems' mount points. */
  rename(from: string, to: string): Promise<void>;
  /** Moves all entries but our own into a folder. */
  moveEntries(from: string, to: string): Promise<void>;
  /** Removes all entries but our own. */
  clear(path: string): Promise<void>;
  remove(...paths: string[]): Promise<void>;
  /** Creates an empty file; fine when it is there. */
  touch(path: string): Promise<void>;
  /** Gives a folder owner and mode of another one. */
  likeFolder(path: string, model: string): Promise<void>;
  /** Paths of mount points at and below a path. */
  mounts(path: string): Promise<string[]>;
  /** Free bytes there. */
  free(path: string): Promise<number>;
  /** Bytes in use on disk below a path. */
  used(path: string): Promise<number>;
  /** Writes a file with its data on disk. */
  write(path: string, content: string): Promise<void>;
  read(path: string): Promise<string | undefined>;
}

export function folderWork(root: Root, call: StoreCall): FolderWork {
  const run = (
    argv: readonly [string, ...string[]],
    limitSeconds = SHORT,
    input?: string,
  ): Promise<ToolOutput> =>
    runTool(root.place({ argv, env: { LC_ALL: 'C' } }), {
      signal: call.signal,
      limitSeconds,
      ...(input !== undefined && { input }),
    });
  const ours = ['!', '-name', '.steady-*'] as const;
  const entriesOf = (path: string) => ['find', path, '-mindepth', '1', '-maxdepth', '1', ...ours] as const;
  const missing = (error: unknown): boolean =>
    error instanceof SteadyError &&
    /No such file or directory|Not a directory/.test(String(error.facts['says']));

  return {
    async kind(path) {
      try {
        const { stdout } = await run(['stat', '-L', '-c', '%F', '--', path]);
        return stdout.trim() === 'directory' ? 'folder' : 'other';
      } catch (error) {
        if (missing(error)) return 'none';
        throw error;
      }
    },
    real: async (path) => (await run(['readlink', '-f', '--', path])).stdout.replace(/\n$/, ''),
    empty: async (path) => (await run(['find', path, '-mindepth', '1', '-maxdepth', '1'])).stdout === '',
    make: async (path) => void (await run(['mkdir', '-p', '-m', '700', '--', path])),
    rename: async (from, to) => void (await run(['mv', '-T', '--', from, to])),
    moveEntries: async (from, to) =>
      void (await run([...entriesOf(from), '-exec', 'mv', '-t', to, '--', '{}', '+'])),
    clear: async (path) =>
      void (await run([...entriesOf(path), '-exec', 'rm', '-rf', '--', '{}', '+'], LONG)),
    remove: async (...paths) => void (await run(['rm', '-rf', '--', ...paths], LONG)),
    touch: async (path) => void (await run(['touch', '--', path])),
    async likeFolder(path, model) {
      const [owner = '', mode = ''] = (await run(['stat', '-c', '%u:%g %a', '--', model])).stdout
        .trim()
        .split(' ');
      await run(['chown', owner, '--', path]);
      await run(['chmod', mode, '--', path]);
    },
    async mounts(path) {
      const { stdout } = await run(['cat', '/proc/self/mountinfo']);
      return mountPoints(stdout).filter((point) => point === path || point.startsWith(`${path}/`));
    },
    async free(path) {
      const { stdout } = await run(['df', '-P', '-k', '--', path]);
      const available = Number(stdout.trim().split('\n').at(-1)?.split(/\s+/)[3]);
      if (!Number.isFinite(available))
        throw new SteadyError('tool.failed', { tool: 'df', says: stdout.slice(0, 200) });
      return available * 1024;
    },
    used: async (path) =>
      Number((await run(['du', '-s', '-k', '-x', '--', path], LONG)).stdout.split('\t')[0]) * 1024,
    write: async (path, content) => void (await run(['dd', `of=${path}`, 'conv=fsync'], SHORT, content)),
    async read(path) {
      try {
        return (await run(['cat', '--', path])).stdout;
      } catch (error) {
        if (missing(error)) return undefined;
        throw error;
      }
    },
  };
}

/** Mount points of `/proc/self/mountinfo`: the fifth field, with space, tab, newline and backslash in octal (proc(5)). */
export function mountPoints(mountinfo: string): string[] {
  return mountinfo
    .split('\n')
    .flatMap((line) => line.split(' ')[4] ?? [])
    .map((field) =>
      field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
}
