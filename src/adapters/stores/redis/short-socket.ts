import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { StoreCall } from '../port.js';
import { takeScratchFolder } from '../scratch-folder.js';

/** sockaddr_un holds 108 bytes with the zero at its end (unix(7)). */
const LONGEST = 107;

export interface ShortSocket {
  readonly path: string;
  remove(): Promise<void>;
}

/**
 * A path for the socket of a Redis of our own on this machine: in the private folder given, or, where that is too deep
 * for a socket, in a scratch folder of its own.
 */
export async function shortSocket(folder: string, call: StoreCall): Promise<ShortSocket> {
  const path = join(folder, 's');
  if (Buffer.byteLength(path) <= LONGEST) return { path, remove: () => Promise.resolve() };
  const own = await takeScratchFolder('redis', call, tmpdir());
  return { path: join(own.folder, 's'), remove: () => own.remove() };
}
