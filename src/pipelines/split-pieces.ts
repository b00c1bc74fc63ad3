/**
 * Cuts a stream into pieces of `limit` bytes, the last one shorter, without holding more than one chunk. Each piece has
 * to be read to its end before the next is asked for. A full piece ends only when it is known that more follows, so the
 * last piece (also one that is exactly full) ends only with the source: whatever the source throws at its end reaches
 * the reader of the last piece. A source without a byte gives one empty piece.
 */
export async function* splitPieces(
  source: AsyncIterable<Buffer>,
  limit: number,
): AsyncGenerator<AsyncIterable<Buffer>, void, undefined> {
  if (!Number.isSafeInteger(limit) || limit < 1)
    throw new RangeError(`a piece needs at least one byte, not ${limit}`);
  const chunks = source[Symbol.asyncIterator]();
  let rest: Buffer | undefined;
  let ended = false;

  /** The next bytes, or undefined at the end of the source; kept in `rest` until they are given out. */
  const peek = async (): Promise<Buffer | undefined> => {
    while (rest === undefined && !ended) {
      const next = await chunks.next();
      if (next.done) ended = true;
      else if (next.value.length > 0) rest = next.value;
    }
    return rest;
  };

  async function* piece(): AsyncGenerator<Buffer, void, undefined> {
    let room = limit;
    for (;;) {
      const bytes = await peek();
      if (bytes === undefined || room === 0) return;
      const part = bytes.subarray(0, room);
      rest = part.length < bytes.length ? bytes.subarray(part.length) : undefined;
      room -= part.length;
      yield part;
    }
  }

  do yield piece();
  while (!ended);
}
