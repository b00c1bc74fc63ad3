import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { splitPieces } from '../../src/pipelines/split-pieces.js';

async function* from(chunks: readonly Uint8Array[], atEnd?: () => void): AsyncGenerator<Buffer> {
  for (const chunk of chunks) yield await Promise.resolve(Buffer.from(chunk));
  atEnd?.();
}

async function collect(chunks: readonly Uint8Array[], limit: number): Promise<Buffer[]> {
  const pieces: Buffer[] = [];
  for await (const piece of splitPieces(from(chunks), limit)) {
    const parts: Buffer[] = [];
    for await (const part of piece) parts.push(part);
    pieces.push(Buffer.concat(parts));
  }
  return pieces;
}

describe('splitPieces', () => {
  it('gives pieces that are full but for the last, and whose concatenation is the source', async () => {
    const chunks = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 20 });
    await fc.assert(
      fc.asyncProperty(chunks, fc.integer({ min: 1, max: 50 }), async (source, limit) => {
        const whole = Buffer.concat(source);
        const pieces = await collect(source, limit);
        expect(Buffer.concat(pieces)).toEqual(whole);
        expect(pieces.slice(0, -1).every((piece) => piece.length === limit)).toBe(true);
        expect(pieces.length).toBe(Math.max(1, Math.ceil(whole.length / limit)));
      }),
    );
  });

  it('lets a last piece that is exactly full end only with the source', async () => {
    const source = from([Buffer.alloc(4), Buffer.alloc(4)], () => {
      throw new Error('the producer failed');
    });
    const ended: number[] = [];
    const read = async (): Promise<void> => {
      let index = 0;
      for await (const piece of splitPieces(source, 4)) {
        for await (const part of piece) void part;
        ended.push(index++);
      }
    };
    await expect(read()).rejects.toThrow('the producer failed');
    expect(ended).toEqual([0]);
  });

  it('refuses a limit that no byte fits in', async () => {
    await expect(collect([Buffer.from('x')], 0)).rejects.toThrow('a piece needs at least one byte');
  });
});
