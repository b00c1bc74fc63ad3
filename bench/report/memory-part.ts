import { mb } from '../lib/sizes.js';
import type { MemoryResults } from '../memory/results.js';
import { machineText, table, verdict } from './markdown.js';
import type { Part } from './part.js';

const [MOST_RATIO, MOST_GROWTH] = [1.1, 300e6];

export function memoryPart({ machine, sizes }: MemoryResults): Part {
  const [small, large] = [sizes[0], sizes.at(-1)];
  const text = (bytes: number): string => `${mb(bytes).toFixed(0)} MB`;
  const rows = sizes.map(({ data, idle, backup, restore }) => [
    text(data),
    text(idle),
    text(backup),
    text(restore),
    text(Math.max(backup, restore) - idle),
  ]);
  const aims: string[][] = [];
  if (small && large) {
    for (const phase of ['backup', 'restore'] as const) {
      const ratio = large[phase] / small[phase];
      aims.push([
        `${phase}: peak with ${text(large.data)} to that with ${text(small.data)}`,
        `≤ ${MOST_RATIO}`,
        ratio.toFixed(2),
        verdict(ratio <= MOST_RATIO),
      ]);
    }
    const growth = Math.max(...sizes.map(({ idle, backup, restore }) => Math.max(backup, restore) - idle));
    aims.push([
      'growth over the idle worker',
      `< ${text(MOST_GROWTH)}`,
      text(growth),
      verdict(growth < MOST_GROWTH),
    ]);
  }
  return {
    text: [
      table(['', 'aim', 'measured', 'held'], aims),
      table(['data', 'idle worker', 'peak, backup', 'peak, restore', 'growth'], rows),
      machineText(machine),
    ].join('\n\n'),
    plots: {},
  };
}
