import { expect, it } from 'vitest';
import { createStreamWriter } from '../../src/pipelines/stream-writer.js';
import { newKey } from './keys.js';
import { memoryObjects } from './memory-objects.js';

const MiB = 2 ** 20;

it('stores 2 GiB with memory that stays flat', async () => {
  const sink = memoryObjects({ forget: true });
  let peak = 0;
  const before = process.memoryUsage().rss;
  const writer = createStreamWriter({
    backupId: 'b',
    sink,
    keyOf: (object) => object,
    pieceLimit: 64 * 1024,
    recipients: [newKey().recipient],
    stallSeconds: 60,
    zstd: { level: 1 },
    onProgress: () => (peak = Math.max(peak, process.memoryUsage().rss)),
  });
  const stream = await writer.stream('zeros', {
    label: 'head',
    argv: ['head', '-c', String(2048 * MiB), '/dev/zero'],
  });
  expect(stream.rawBytes).toBe(2048 * MiB);
  expect(peak - before).toBeLessThan(128 * MiB);
});
