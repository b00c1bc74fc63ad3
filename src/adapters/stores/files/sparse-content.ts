/** Takes the stored content of a file in pieces and gives its real content, so that a hole and zeros are the same. */
export interface ContentSink {
  take(chunk: Buffer): void;
  end(): void;
}

const ZEROS = Buffer.alloc(1 << 20);
const PADDING = 512;

/**
 * Expands GNU tar's sparse format 1.0 (tar manual, "Storing Sparse Files"): the content begins with decimal numbers, a
 * line each: how many segments, then offset and length of each, padded to 512 bytes; the segments follow.
 */
export function expandSparse(size: number, out: (chunk: Buffer) => void): ContentSink {
  let map: number[] = [];
  let wanted = 1;
  let line = '';
  let mapBytes = 0;
  let skip = 0;
  let segment = 0;
  let inSegment = 0;
  let at = 0;

  const zerosTo = (offset: number): void => {
    while (at < offset) {
      const part = Math.min(offset - at, ZEROS.length);
      out(ZEROS.subarray(0, part));
      at += part;
    }
  };
  const readMap = (chunk: Buffer): number => {
    let i = 0;
    for (; i < chunk.length && map.length < wanted; i++) {
      mapBytes += 1;
      if (chunk[i] !== 0x0a) {
        line += String.fromCharCode(chunk[i] ?? 0);
        continue;
      }
      const value = Number(line);
      if (!Number.isSafeInteger(value)) throw new RangeError('malformed map of a sparse file');
      map.push(value);
      if (map.length === 1) wanted = 1 + value * 2;
      line = '';
    }
    if (map.length === wanted) {
      skip = (PADDING - (mapBytes % PADDING)) % PADDING;
      map = map.slice(1);
      wanted = 0;
    }
    return i;
  };

  return {
    take(chunk) {
      let i = wanted > 0 ? readMap(chunk) : 0;
      const skipped = Math.min(skip, chunk.length - i);
      skip -= skipped;
      i += skipped;
      while (i < chunk.length && segment * 2 < map.length) {
        const offset = map[segment * 2] ?? 0;
        const length = map[segment * 2 + 1] ?? 0;
        zerosTo(offset + inSegment);
        const part = chunk.subarray(i, i + length - inSegment);
        out(part);
        at += part.length;
        inSegment += part.length;
        i += part.length;
        if (inSegment === length) [segment, inSegment] = [segment + 1, 0];
      }
    },
    end: () => zerosTo(size),
  };
}
