import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { countLines, countTuples, NotACopy } from '../../../../src/adapters/stores/postgres/copy-rows.js';

const header = Buffer.from('PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1');
const trailer = Buffer.from([0xff, 0xff]);
const int = (bytes: 2 | 4, value: number): Buffer => {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value, 0, bytes);
  return buffer;
};
const row = (fields: readonly (Uint8Array | null)[]): Buffer =>
  Buffer.concat([
    int(2, fields.length),
    ...fields.flatMap((field) => (field === null ? [int(4, -1)] : [int(4, field.length), field])),
  ]);

async function* cut(all: Buffer, sizes: readonly number[]): AsyncGenerator<Buffer> {
  for (let at = 0, i = 0; at < all.length; i++) {
    const size = sizes[i % sizes.length] ?? all.length;
    yield Buffer.from(all.subarray(at, at + size));
    at += size;
    await Promise.resolve();
  }
}

describe('rows of a COPY', () => {
  it('in text form are its newlines', async () => {
    expect(await countLines(cut(Buffer.from('a\tb\nc\\n\td\n\n'), [3]))).toBe(3);
  });

  it('in binary form are counted however the bytes are cut', async () => {
    const field = fc.option(fc.uint8Array({ maxLength: 40 }));
    await fc.assert(
      fc.asyncProperty(
        fc
          .integer({ min: 1, max: 5 })
          .chain((columns) =>
            fc.tuple(
              fc.constant(columns),
              fc.array(fc.array(field, { minLength: columns, maxLength: columns }), { maxLength: 12 }),
            ),
          ),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        async ([columns, rows], sizes) => {
          const all = Buffer.concat([header, ...rows.map(row), trailer]);
          expect(await countTuples(cut(all, sizes), columns)).toBe(rows.length);
        },
      ),
    );
  });

  it.each([
    [
      'its header is another one',
      Buffer.concat([Buffer.from('PGDUMP\n\xff\r\n\0\0\0\0\0\0\0\0\0', 'latin1'), trailer]),
    ],
    ['row 2 has 3 fields, not 1', Buffer.concat([header, row([null]), row([null, null, null]), trailer])],
    ['it ends in row 1 without its trailer', Buffer.concat([header, row([Buffer.from('abc')])])],
    [
      'it ends in row 1 without its trailer',
      Buffer.concat([header, row([Buffer.from('abc')]).subarray(0, -1)]),
    ],
    ['it ends in row 0 without its trailer', Buffer.alloc(0)],
    [
      'a field of row 1 has a length of -2',
      Buffer.concat([header, int(2, 1), Buffer.from([255, 255, 255, 254]), trailer]),
    ],
    ['1 bytes after its trailer', Buffer.concat([header, trailer, Buffer.from('x')])],
  ])('in binary form are refused: %s', async (says, all) => {
    await expect(countTuples(cut(all, [7]), 1)).rejects.toThrow(new NotACopy(says));
  });
});
