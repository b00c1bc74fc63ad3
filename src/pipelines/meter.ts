import { createHash } from 'node:crypto';

/** Counts and digests bytes that pass. */
export interface Meter {
  update(chunk: Buffer): void;
  readonly bytes: number;
  /** Newlines so far; undefined unless asked for. */
  readonly lines: number | undefined;
  /** SHA-256 in hex; ends the meter. */
  sha256(): string;
}

export function createMeter(options: { readonly countLines?: boolean | undefined } = {}): Meter {
  const hash = createHash('sha256');
  let bytes = 0;
  let lines = 0;
  return {
    update(chunk) {
      hash.update(chunk);
      bytes += chunk.length;
      if (options.countLines) lines += newlines(chunk);
    },
    get bytes() {
      return bytes;
    },
    get lines() {
      return options.countLines ? lines : undefined;
    },
    sha256: () => hash.digest('hex'),
  };
}

/** A plain loop: indexOf costs a call a line, which is slower for short rows. */
function newlines(chunk: Buffer): number {
  let count = 0;
  for (let i = 0; i < chunk.length; i++) if (chunk[i] === 10) count++;
  return count;
}
