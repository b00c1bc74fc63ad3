import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BUFFER_BYTES = 256 * 1024;
/** Both ends are in this process; where no descriptor is left, one of them never comes. */
const CONNECT_MS = 5000;

/** Output of a tool, read into one buffer that is used again and again. */
export interface ReusedOutput {
  /** What the tool writes to: for its stdio. To be destroyed here once the tool has it. */
  readonly end: Socket;
  /** The bytes as they come. A chunk is good until the next one is asked for. */
  readonly chunks: AsyncIterator<Buffer, undefined>;
  /** Closes it: whoever waits for bytes is refused. */
  destroy(): void;
}

/**
 * A pipe of Node's own gives each chunk in memory of its own, outside of its heap; at every 64 MiB of it V8 looks through
 * the whole heap, which at a gigabyte a few seconds costs more than all that is done with the bytes. `onread` (Node.js
 * documentation, `net`) reads into a buffer of ours, but only where we connect. So the tool gets the other end of a
 * connection that is made here, in a folder nobody else may enter, and gone before the tool starts. The folder is named
 * as scratch folders are (adapters/stores/scratch-folder.ts): one that a killed process left is removed as theirs are,
 * and where somebody else removes this one in its moment, there is no connection.
 */
export async function openReusedOutput(): Promise<ReusedOutput> {
  const folder = await mkdtemp(join(tmpdir(), `steady-tmp-output-${randomBytes(5).toString('hex')}-`));
  const server = createServer({ pauseOnConnect: true });
  try {
    const path = join(folder, 's');
    server.listen(path);
    await once(server, 'listening');
    return await connectTo(server, path);
  } finally {
    server.close();
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

async function connectTo(server: Server, path: string): Promise<ReusedOutput> {
  const signal = AbortSignal.timeout(CONNECT_MS);
  let end: Socket | undefined;
  server.once('connection', (socket) => (end = socket));
  const accepted = once(server, 'connection', { signal });
  const { chunks, connected, destroy } = readInto(Buffer.allocUnsafeSlow(BUFFER_BYTES), path);
  try {
    await Promise.all([accepted, connected]);
    return { end: end as Socket, chunks, destroy };
  } catch (error) {
    end?.destroy();
    destroy();
    throw error;
  }
}

function readInto(buffer: Buffer, path: string) {
  /** Bytes in the buffer that nobody has asked for yet. */
  let filled = 0;
  let over: { readonly error?: Error } | undefined;
  let answer:
    | { resolve: (next: IteratorResult<Buffer, undefined>) => void; reject: (error: Error) => void }
    | undefined;

  const give = (): void => {
    if (answer === undefined || (filled === 0 && over === undefined)) return;
    const { resolve, reject } = answer;
    answer = undefined;
    if (filled > 0) {
      const value = buffer.subarray(0, filled);
      filled = 0;
      resolve({ done: false, value });
    } else if (over?.error) reject(over.error);
    else resolve({ done: true, value: undefined });
  };
  const socket = connect({
    path,
    onread: {
      buffer,
      callback(bytes) {
        filled = bytes;
        give();
        // Nothing more until this has been used.
        return false;
      },
    },
  });
  const finish = (error?: Error): void => {
    over ??= error === undefined ? {} : { error };
    give();
  };
  socket.once('end', () => finish());
  socket.on('error', finish);
  socket.once('close', () => finish(new Error('the output was closed')));

  const chunks: AsyncIterator<Buffer, undefined> = {
    next: () =>
      new Promise((resolve, reject) => {
        answer = { resolve, reject };
        if (filled > 0 || over !== undefined) give();
        else socket.resume();
      }),
  };
  return { chunks, connected: once(socket, 'connect'), destroy: () => void socket.destroy() };
}
