import { mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { createServer, connect, type Server } from 'node:net';
import { dirname, join } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';

export interface StateFolder {
  readonly path: string;
  readonly database: string;
  readonly scratch: string;
  file(name: string): string;
  /** Tells what is wrong with a file in it, once until it is right again (undefined). */
  tell(file: string, trouble: string | undefined): void;
  /** Lets the next one in. */
  release(): Promise<void>;
}

/**
 * Takes a state folder for this process: a listening socket in it is the lock, so that a killed owner's lock is gone
 * with it. Throws `up.running` when another `steady up` has it, `usage.invalid` when there can be no such folder.
 *
 * @param warn hears of files that cannot be written later on
 */
export async function takeStateFolder(path: string, warn: (words: string) => void): Promise<StateFolder> {
  await makeFolder(path).catch((cause: NodeJS.ErrnoException) => {
    throw new SteadyError(
      'usage.invalid',
      { state: path, error: `cannot be made: ${cause.code}` },
      { cause },
    );
  });
  const handle = await open(path, 'r');
  const socket = socketPath(path, handle.fd);
  let server: Server;
  try {
    server = await listen(socket);
  } catch {
    const pid = await ownerOf(socket);
    if (pid !== undefined) {
      await handle.close();
      throw new SteadyError('up.running', { state: path, pid });
    }
    await rm(socket, { force: true });
    server = await listen(socket);
  }
  const told = new Set<string>();
  return {
    path,
    tell: (file, trouble) => {
      if (trouble === undefined) told.delete(file);
      else if (!told.has(file)) {
        told.add(file);
        warn(`${file} cannot be written (${trouble}): who reads it finds what was noted before, or nothing`);
      }
    },
    database: join(path, 'temporal.db'),
    scratch: join(path, 'scratch'),
    file: (name) => join(path, name),
    release: async () => {
      await new Promise((resolve) => server.close(resolve));
      await rm(socket, { force: true });
      await handle.close();
    },
  };
}

/** As `mkdir -p`. The recursion of Node.js never ends where nothing can be made, as below /proc. */
async function makeFolder(path: string, mayMakeParent = true): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST' && (await stat(path)).isDirectory()) return;
    if (code !== 'ENOENT' || !mayMakeParent) throw error;
    await makeFolder(dirname(path));
    await makeFolder(path, false);
  }
}

/** sockaddr_un holds 108 bytes (unix(7)); Node.js cuts a longer path off in silence, and another's socket it would be. */
const LONGEST_SOCKET_PATH = 100;

/** The socket in the folder, by way of the open folder where its path is too long. */
function socketPath(folder: string, fd: number): string {
  const path = join(folder, 'up.sock');
  if (Buffer.byteLength(path) <= LONGEST_SOCKET_PATH) return path;
  if (process.platform === 'linux') return `/proc/self/fd/${fd}/up.sock`;
  throw new SteadyError('usage.invalid', {
    state: folder,
    error: 'path too long for a socket',
    allowed: `${LONGEST_SOCKET_PATH} bytes`,
  });
}

function listen(socket: string): Promise<Server> {
  return new Promise((resolve, reject) => {
    const server = createServer((client) => client.end(String(process.pid)));
    server.once('error', reject);
    server.listen(socket, () => resolve(server));
  });
}

/** The pid that answers on the socket; undefined when nobody does. */
function ownerOf(socket: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const client = connect(socket);
    let text = '';
    client.on('data', (chunk) => (text += chunk.toString()));
    client.once('end', () => resolve(text));
    client.once('error', () => resolve(undefined));
  });
}

type Noted = Pick<StateFolder, 'file' | 'tell'>;

/**
 * Notes something small for other commands and the next start, whole or not at all, also when the power goes: half an
 * address would be another server's. Never rejects: a note that a full disk has no room for is told, and must not end
 * what it is about.
 */
export async function note(folder: Noted, name: string, value: unknown): Promise<void> {
  const path = folder.file(name);
  try {
    await writeFile(`${path}.new`, `${JSON.stringify(value)}\n`, { flush: true });
    await rename(`${path}.new`, path);
    folder.tell(path, undefined);
  } catch (error) {
    folder.tell(path, error instanceof Error ? error.message : String(error));
  }
}

/** Removes a note. What cannot be removed is replaced by the next that is noted. */
export async function unnote(folder: Pick<Noted, 'file'>, name: string): Promise<void> {
  await rm(folder.file(name), { force: true }).catch(() => undefined);
}

/** What was noted in a state folder, which need not be taken; undefined when there is nothing that can be read. */
export async function readNote(state: string, name: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(join(state, name), 'utf8'));
  } catch {
    return undefined;
  }
}
