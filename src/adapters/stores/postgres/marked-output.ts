import { randomBytes } from 'node:crypto';

/** Begins the line that ends an answer of a psql session: nobody who can put bytes into an answer knows it. */
export function newMark(): string {
  return `steady-${randomBytes(16).toString('hex')}`;
}

/** The answers of a long-lived psql, one after another, each ended by the mark and the rest of its line. */
export interface MarkedOutput {
  /**
   * Gives the bytes of the next answer as they come, each chunk good until the next one is asked for; the generator's
   * return value is the rest of the mark's line, or undefined when the output ended before a mark.
   */
  answer(): AsyncGenerator<Buffer, string | undefined>;
}

/**
 * Cuts a stream into answers. An end that may be the beginning of a mark is held back, so that one cut by the pipe is
 * seen.
 *
 * @param source its chunks may be overwritten when the next is asked for
 */
export function markedOutput(source: AsyncIterator<Buffer, undefined>, mark: string): MarkedOutput {
  const sought = Buffer.from(mark);
  let pending: Buffer = Buffer.alloc(0);

  const more = async (): Promise<boolean> => {
    const kept = Buffer.from(pending);
    const next = await source.next().catch(() => ({ done: true as const, value: undefined }));
    pending = kept;
    if (next.done) return false;
    pending = kept.length === 0 ? next.value : Buffer.concat([kept, next.value]);
    return true;
  };
  const restOfLine = async (): Promise<string | undefined> => {
    let end: number;
    while ((end = pending.indexOf(0x0a)) < 0) if (!(await more())) return undefined;
    const line = pending.subarray(sought.length, end).toString('latin1').trim();
    pending = pending.subarray(end + 1);
    return line;
  };

  return {
    async *answer() {
      for (;;) {
        const at = pending.indexOf(sought);
        const given = at >= 0 ? at : pending.length - heldBack(pending, sought);
        if (given > 0) {
          yield pending.subarray(0, given);
          pending = pending.subarray(given);
        }
        if (at >= 0) return restOfLine();
        if (!(await more())) return undefined;
      }
    },
  };
}

/** Bytes at the end that are how the mark begins. Rarely any: to hold some back costs a copy of what follows. */
function heldBack(bytes: Buffer, mark: Buffer): number {
  const from = Math.max(0, bytes.length - mark.length + 1);
  for (
    let at = bytes.indexOf(mark[0] as number, from);
    at >= 0;
    at = bytes.indexOf(mark[0] as number, at + 1)
  ) {
    if (bytes.subarray(at).equals(mark.subarray(0, bytes.length - at))) return bytes.length - at;
  }
  return 0;
}
