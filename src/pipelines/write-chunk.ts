import type { Writable } from 'node:stream';

/**
 * Hands a chunk to a process and waits until the kernel has taken it, which is also the back-pressure. False when the
 * reader has gone: its exit code tells why.
 */
export function writeChunk(to: Writable, chunk: Buffer): Promise<boolean> {
  if (to.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    to.write(chunk, (error) => resolve(!error && !to.destroyed));
  });
}
