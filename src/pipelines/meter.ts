import { createHash } from 'node:crypto';

/** Counts and digests bytes that pass. */
export interface Meter {
  update(chunk: Buffer): void;
  readonly bytes: number;
  /** SHA-256 in hex; ends the meter. */
  sha256(): string;
}

export function createMeter(): Meter {
  const hash = createHash('sha256');
  let bytes = 0;
  return {
    update(chunk) {
      hash.update(chunk);
      bytes += chunk.length;
    },
    get bytes() {
      return bytes;
    },
    sha256: () => hash.digest('hex'),
  };
}
