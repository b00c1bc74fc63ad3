import type { Readable } from 'node:stream';

/** Ends an answer of a psql session: no line of a COPY in text form, and none of a JSON text, begins with it. */
export const END_MARK = '\\.';
const MARK_IN_LINE = Buffer.from(`\n${END_MARK}`);
const MARK = Buffer.from(END_MARK);

/** The answers of a long-lived psql, one after another, each ended by a line `\. <SQLSTATE>`. */
export interface MarkedOutput {
  /**
   * Gives the bytes of the next answer as they come; the generator's return value is the rest of the mark's line, or
   * undefined when the output ended before a mark.
   */
  answer(): AsyncGenerator<Buffer, string | undefined>;
}

/** Cuts a stream into answers. An end that may be half of a mark is held back, so that one cut by the pipe is seen. */
export function markedOutput(stdout: Readable): MarkedOutput {
  const source = stdout[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let pending: Buffer = Buffer.alloc(0);

  const more = async (): Promise<boolean> => {
    const next = await source.next().catch(() => ({ done: true, value: undefined }));
    if (next.done || next.value === undefined) return false;
    pending = pending.length === 0 ? next.value : Buffer.concat([pending, next.value]);
    return true;
  };
  const restOfLine = async (): Promise<string | undefined> => {
    let end: number;
    while ((end = pending.indexOf(0x0a)) < 0) if (!(await more())) return undefined;
    const line = pending.subarray(MARK.length, end).toString('latin1').trim();
    pending = pending.subarray(end + 1);
    return line;
  };

  return {
    async *answer() {
      while (pending.length < MARK.length) if (!(await more())) return undefined;
      if (pending.subarray(0, MARK.length).equals(MARK)) return restOfLine();
      for (;;) {
        const at = pending.indexOf(MARK_IN_LINE);
        if (at >= 0) {
          yield pending.subarray(0, at + 1);
          pending = pending.subarray(at + 1);
          return restOfLine();
        }
        const given = pending.length - heldBack(pending);
        if (given > 0) {
          yield pending.subarray(0, given);
          pending = pending.subarray(given);
        }
        if (!(await more())) return undefined;
      }
    },
  };
}

/** Bytes at the end that may be the beginning of a mark. Rarely any: to hold some back costs a copy of what follows. */
function heldBack(bytes: Buffer): number {
  const [last, before] = [bytes.at(-1), bytes.at(-2)];
  if (last === MARK_IN_LINE[0]) return 1;
  return before === MARK_IN_LINE[0] && last === MARK_IN_LINE[1] ? 2 : 0;
}
