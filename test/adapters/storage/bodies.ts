import { createHash } from 'node:crypto';

const MiB = 2 ** 20;

/** Bytes that repeat nowhere near a part's length, so that swapped or doubled parts show in the digest. */
const block = Buffer.alloc(MiB);
for (let i = 0, x = 0x2545f491; i < block.length; i += 4) {
  x ^= x << 13;
  x ^= x >>> 17;
  x ^= x << 5;
  block.writeInt32LE(x, i);
}

/** A body of so many bytes in chunks of an odd length; each seed gives other bytes. */
export async function* body(bytes: number, seed = 0): AsyncGenerator<Buffer> {
  for (let at = 0, n = seed * 7919; at < bytes; n++) {
    const from = (n * 4099) % (MiB - 61_007);
    const length = Math.min(61_007, bytes - at);
    yield block.subarray(from, from + length);
    at += length;
  }
}

export async function digestOf(stream: AsyncIterable<Buffer>): Promise<string> {
  const hash = createHash('sha256');
  for await (const chunk of stream) hash.update(chunk);
  return hash.digest('hex');
}

/** Gives so many bytes and then throws. */
export async function* failingBody(bytes: number, error: Error): AsyncGenerator<Buffer> {
  yield* body(bytes);
  throw error;
}

/** Gives so many bytes and then waits for ever. */
export async function* hangingBody(bytes: number): AsyncGenerator<Buffer> {
  yield* body(bytes);
  await new Promise<never>(() => undefined);
}

export async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}
