import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { confirm } from '../../src/cli/confirm.js';

async function asked(typed: string): Promise<{ shown: string; outcome: string }> {
  const [input, output] = [new PassThrough(), new PassThrough()];
  let shown = '';
  output.on('data', (chunk: Buffer) => (shown += chunk.toString()));
  const done = confirm('Approve this?', { input, output }).then(
    () => 'yes',
    (error: { code: string }) => error.code,
  );
  input.end(typed);
  return { outcome: await done, shown };
}

describe('a question on a terminal', () => {
  it('is answered by yes alone', async () => {
    expect(await asked('yes\n')).toEqual({ outcome: 'yes', shown: 'Approve this? (yes/no) ' });
    expect((await asked(' YES \n')).outcome).toBe('yes');
    for (const typed of ['no\n', 'y\n', '\n', 'yess\n', ''])
      expect([typed, (await asked(typed)).outcome]).toEqual([typed, 'cancelled']);
  });
});
