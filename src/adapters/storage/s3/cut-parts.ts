/** All parts but the last have this size: 10,000 of them are 78 GiB, beyond the piece limit of 64 GiB. */
export const PART_BYTES = 8 * 2 ** 20;

/** Parts of one stream in memory at a time, the one being filled included. */
export const PARTS_IN_MEMORY = 4;

export interface Part {
  readonly number: number;
  readonly content: Buffer;
  /** Whether the body ended with this part. */
  readonly last: boolean;
  /** Gives the memory back; the content must not be used any more. */
  release(): void;
}

/**
 * Cuts a body into parts of equal size, the last one shorter and perhaps empty, in a fixed set of buffers that are
 * used again: with all of them taken it waits until one is released.
 */
export async function* cutParts(body: AsyncIterable<Buffer>): AsyncGenerator<Part> {
  const free: Buffer[] = [];
  let made = 0;
  let wake: (() => void) | undefined;
  const take = async (): Promise<Buffer> => {
    // Not zeroed: the system gives memory only to what is written, so a small body costs little.
    if (free.length === 0 && made < PARTS_IN_MEMORY) {
      made++;
      return Buffer.allocUnsafeSlow(PART_BYTES);
    }
    while (free.length === 0) await new Promise<void>((resolve) => (wake = resolve));
    return free.pop() as Buffer;
  };
  const part = (buffer: Buffer, bytes: number, number: number, last: boolean): Part => ({
    number,
    content: buffer.subarray(0, bytes),
    last,
    release: () => {
      free.push(buffer);
      wake?.();
    },
  });

  let number = 1;
  let buffer = await take();
  let filled = 0;
  for await (const chunk of body) {
    for (let at = 0; at < chunk.length;) {
      if (filled === PART_BYTES) {
        yield part(buffer, filled, number++, false);
        buffer = await take();
        filled = 0;
      }
      const copied = chunk.copy(buffer, filled, at);
      at += copied;
      filled += copied;
    }
  }
  yield part(buffer, filled, number, true);
}
