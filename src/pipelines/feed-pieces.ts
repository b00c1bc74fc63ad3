import type { StoredObject } from '../contracts/stored/document.js';
import { SteadyError } from '../contracts/failures.js';
import type { Secret } from '../contracts/secret.js';
import type { Filters } from './filters.js';
import { ageHeader, matchHeader } from './identity.js';
import type { Flow } from './flow.js';
import type { HopClock } from './stall.js';
import { writeChunk } from './write-chunk.js';

/** Most bytes of a piece that are read only to tell a damaged object from another failure. */
const BLAME_BYTES = 2 ** 30;

/**
 * Feeds the pieces of a stream to the filters, in order. Ends their input only after every piece was right. With an
 * identity the header is tried first: `key.wrong` when it does not open it.
 */
export async function feedPieces(options: {
  readonly flow: Flow;
  readonly pieces: readonly StoredObject[];
  readonly open: (piece: StoredObject) => AsyncGenerator<Buffer, void, undefined>;
  readonly filters: Filters;
  readonly identity?: Secret | undefined;
  /** Runs while the filters take nothing. */
  readonly clock: HopClock;
}): Promise<void> {
  const { flow, filters, identity, clock } = options;
  let header: Buffer | undefined = identity && Buffer.alloc(0);
  for (const piece of options.pieces) {
    const chunks = options.open(piece);
    let left = piece.bytes;
    /** The rest of a damaged object tells so; a failure of a tool is only that when the bytes were right. */
    const blame = async (error: SteadyError): Promise<never> => {
      if (left <= BLAME_BYTES) while (!(await chunks.next()).done);
      await chunks.return();
      throw error;
    };
    for (let next = await chunks.next(); !next.done; next = await chunks.next()) {
      let bytes = next.value;
      left -= bytes.length;
      if (header && identity) {
        header = Buffer.concat([header, bytes]);
        const whole = ageHeader(header);
        if (whole === undefined && (left > 0 || piece !== options.pieces.at(-1))) continue;
        const match = await matchHeader(whole ?? header, identity);
        if (match === 'wrong') await blame(new SteadyError('key.wrong', { key: piece.key }));
        if (match === 'damaged') await blame(corrupt(piece, 'not an age file'));
        bytes = header;
        header = undefined;
      }
      if (await flow.wait(clock.during(writeChunk(filters.stdin, bytes)))) continue;
      const failure = await flow.wait(filters.done);
      // Ended by a signal: it was killed, and the bytes are not to blame.
      if (failure?.exit.code === null) throw failure.error;
      // Up to here every byte was checked, so what age or zstd refuses is in this piece.
      if (left > BLAME_BYTES)
        await blame(corrupt(piece, failure?.error.message ?? 'its end was not expected'));
      await blame(failure?.error ?? corrupt(piece, 'its end was not expected'));
    }
  }
  filters.stdin.end();
}

function corrupt(piece: StoredObject, says: string): SteadyError {
  return new SteadyError('stream.corrupt', { key: piece.key, says });
}
