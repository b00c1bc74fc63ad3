import { SteadyError } from '../../../contracts/failures.js';

const MARK_BYTES = 40;
/** End of an RDB from format 5 on: opcode 0xFF, then a CRC of 8 bytes. */
const TAIL_BYTES = 9;

/**
 * Cuts the mark that a diskless synchronisation leaves after the RDB when redis-cli writes to stdout (it can only
 * truncate files): 40 hexadecimal characters. An RDB cannot end like one, for byte 9 from its end is 0xFF, which is
 * no such character. Throws `stream.corrupt` when the end of an RDB is not there.
 */
export async function* withoutMark(body: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let kept: Buffer = Buffer.alloc(0);
  for await (const chunk of body) {
    const all = kept.length === 0 ? chunk : Buffer.concat([kept, chunk]);
    const out = Math.max(0, all.length - MARK_BYTES - TAIL_BYTES);
    if (out > 0) yield all.subarray(0, out);
    kept = Buffer.from(all.subarray(out));
  }
  const marked =
    kept.length >= MARK_BYTES && /^[0-9a-f]{40}$/.test(kept.subarray(-MARK_BYTES).toString('latin1'));
  const end = marked ? kept.subarray(0, -MARK_BYTES) : kept;
  if (end[end.length - TAIL_BYTES] !== 0xff) {
    throw new SteadyError(
      'stream.corrupt',
      { says: 'the RDB has no end: the transfer broke off' },
      { retryable: true },
    );
  }
  yield end;
}
