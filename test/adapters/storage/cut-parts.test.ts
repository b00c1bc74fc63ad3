import fc from 'fast-check';
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { compositeSha256 } from '../../../src/adapters/storage/s3/confirm.js';
import {
  cutParts,
  PART_BYTES,
  PARTS_IN_MEMORY,
  type Part,
} from '../../../src/adapters/storage/s3/cut-parts.js';
import { body, digestOf } from './bodies.js';

const MiB = 2 ** 20;

describe('cutting a body into parts', () => {
  it('gives equal parts, a shorter last one, and every byte in order', async () => {
    const sizes = fc.constantFrom(
      0,
      1,
      PART_BYTES - 1,
      PART_BYTES,
      PART_BYTES + 1,
      2 * PART_BYTES,
      37 * MiB + 11,
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat(1000), async (bytes, seed) => {
        const hash = createHash('sha256');
        const lengths: number[] = [];
        const lasts: boolean[] = [];
        for await (const part of cutParts(body(bytes, seed))) {
          expect(part.number).toBe(lengths.push(part.content.length));
          lasts.push(part.last);
          hash.update(part.content);
          part.release();
        }
        const full = Math.max(0, Math.ceil(bytes / PART_BYTES) - 1);
        expect(lengths).toEqual([...Array<number>(full).fill(PART_BYTES), bytes - full * PART_BYTES]);
        expect(lasts).toEqual([...Array<boolean>(full).fill(false), true]);
        expect(hash.digest('hex')).toBe(await digestOf(body(bytes, seed)));
      }),
      { numRuns: 10 },
    );
  });

  it('keeps at most four parts in memory and waits for one to be released', async () => {
    const parts = cutParts(body(7 * PART_BYTES));
    const held: Part[] = [];
    for (let i = 0; i < PARTS_IN_MEMORY; i++) held.push((await parts.next()).value as Part);
    let arrived = false;
    const fifth = parts.next().then((next) => {
      arrived = true;
      return next.value as Part;
    });
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(arrived).toBe(false);
    held[1]?.release();
    expect((await fifth).content.buffer).toBe(held[1]?.content.buffer);
    await parts.return(undefined);
  });

  it('has the checksum S3 keeps for an object in parts', () => {
    // printf a | sha256, printf b | sha256; the digests' bytes joined | sha256: computed with sha256sum.
    const of = (text: string) => createHash('sha256').update(text).digest('base64');
    expect(compositeSha256([of('a'), of('b')])).toBe('5aAf7hTg7VxIcU8iGA8lrYNltT+XefedxKPX6Tlj+Uo=-2');
  });
});
