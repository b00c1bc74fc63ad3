/** The bytes are no COPY in binary form, or not all of one. */
export class NotACopy extends Error {}

/** A row of a COPY in text form is a line: newlines inside values are escaped. */
export async function countLines(source: AsyncIterable<Buffer>): Promise<number> {
  let lines = 0;
  for await (const chunk of source) {
    for (let at = chunk.indexOf(10); at >= 0; at = chunk.indexOf(10, at + 1)) lines++;
  }
  return lines;
}

/** Signature, flags, and the length of an extension of the header, which nobody has. */
const HEADER = Buffer.concat([Buffer.from('PGCOPY\n\xff\r\n\0', 'latin1'), Buffer.alloc(8)]);

/**
 * Rows of a COPY in binary form (PostgreSQL manual, COPY, "Binary Format"), walked field by field to the trailer.
 *
 * @throws NotACopy where a row has another number of fields, or the end is not where it should be
 */
export async function countTuples(source: AsyncIterable<Buffer>, columns: number): Promise<number> {
  let rows = 0;
  /** Fields of this row that are still to come; undefined before the header. */
  let fields: number | undefined;
  /** Bytes of a field that are still to come. */
  let skip = 0;
  let ended = false;
  let rest = Buffer.alloc(0);

  for await (const chunk of source) {
    const bytes = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      if (skip > 0) {
        const passed = Math.min(skip, bytes.length - at);
        at += passed;
        skip -= passed;
        if (skip > 0) break;
      }
      const left = bytes.length - at;
      if (ended && left > 0) throw new NotACopy(`${left} bytes after its trailer`);
      if (left < (fields === undefined ? HEADER.length : fields === 0 ? 2 : 4)) break;
      if (fields === undefined) {
        if (!bytes.subarray(at, at + HEADER.length).equals(HEADER))
          throw new NotACopy('its header is another one');
        at += HEADER.length;
        fields = 0;
      } else if (fields === 0) {
        const count = bytes.readInt16BE(at);
        at += 2;
        ended = count === -1;
        if (ended) continue;
        if (count !== columns) throw new NotACopy(`row ${rows + 1} has ${count} fields, not ${columns}`);
        fields = count;
        rows++;
      } else {
        const length = bytes.readInt32BE(at);
        at += 4;
        if (length < -1) throw new NotACopy(`a field of row ${rows} has a length of ${length}`);
        // -1 is NULL, which has no bytes.
        skip = Math.max(0, length);
        fields--;
      }
    }
    rest = Buffer.from(bytes.subarray(at));
  }
  if (!ended) throw new NotACopy(`it ends in row ${rows} without its trailer`);
  return rows;
}
