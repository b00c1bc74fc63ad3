import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { markedOutput, newMark } from '../../../../src/adapters/stores/postgres/marked-output.js';

const MARK = newMark();

/** As a tool's output comes: every chunk in the same memory. */
function overwritten(chunks: readonly Buffer[]): AsyncIterator<Buffer, undefined> {
  const memory = Buffer.alloc(Math.max(0, ...chunks.map((chunk) => chunk.length)));
  let next = 0;
  return {
    next() {
      const chunk = chunks[next++];
      memory.fill('?');
      if (chunk === undefined) return Promise.resolve({ done: true, value: undefined });
      chunk.copy(memory);
      return Promise.resolve({ done: false, value: memory.subarray(0, chunk.length) });
    },
  };
}

async function answers(
  chunks: Buffer[],
  count: number,
): Promise<{ text: string; mark: string | undefined }[]> {
  const output = markedOutput(overwritten(chunks), MARK);
  const found = [];
  for (let i = 0; i < count; i++) {
    const answer = output.answer();
    let text = '';
    let next = await answer.next();
    for (; !next.done; next = await answer.next()) text += next.value.toString('utf8');
    found.push({ text, mark: next.value });
  }
  return found;
}

describe('answers of a psql that stays', () => {
  it('are the same however the pipe cuts them', async () => {
    const line = fc.constantFrom(
      '1\tx',
      '\\.',
      '',
      MARK.slice(0, -1),
      `${MARK.slice(0, 9)}${MARK.slice(0, 20)}`,
      'ssst',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(line), { minLength: 1, maxLength: 5 }),
        fc.array(fc.nat(40)),
        async (rows, cuts) => {
          const texts = rows.map((lines) => lines.join('\n'));
          const all = Buffer.from(texts.map((text) => `${text}${MARK} 00000 3\n`).join(''));
          const edges = [...new Set(cuts.map((cut) => Math.min(cut, all.length)))].sort((a, b) => a - b);
          const chunks = [0, ...edges]
            .map((from, i) => all.subarray(from, edges[i] ?? all.length))
            .filter((c) => c.length > 0);
          expect(await answers(chunks, texts.length)).toEqual(
            texts.map((text) => ({ text, mark: '00000 3' })),
          );
        },
      ),
    );
  });

  it('have no mark when the output ends early', async () => {
    expect(await answers([Buffer.from('half a line')], 1)).toMatchObject([{ mark: undefined }]);
    expect(await answers([Buffer.from(`row\n${MARK} 000`)], 1)).toMatchObject([{ mark: undefined }]);
    expect(await answers([], 1)).toEqual([{ text: '', mark: undefined }]);
  });
});
