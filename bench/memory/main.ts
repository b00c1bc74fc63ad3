import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { thisMachine } from '../lib/machine.js';
import { memoryOf, watchMemory } from '../lib/processes.js';
import { keepResults } from '../lib/results.js';
import { bytesOf, mb } from '../lib/sizes.js';
import { SOURCE } from '../speed/contestants/script.js';
import { writeStack } from '../speed/contestants/steady.js';
import { openPlace } from '../speed/place.js';
import { seed } from '../speed/seed.js';
import { startSteady } from '../speed/steady.js';
import type { MemoryResults } from './results.js';

/** Until a worker that has just said that it is ready does nothing any more. */
const SETTLE_MS = 5000;

/** The worker's peak, tools included, while it backs up and restores databases of several sizes; a new worker for each. */
export async function memory(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { sizes: { type: 'string', default: '1GB,10GB' } },
  });
  const machine = thisMachine();
  const sizes: MemoryResults['sizes'][number][] = [];
  for (const size of values.sizes.split(',').map(bytesOf)) {
    const place = await openPlace();
    try {
      const data = seed(place.postgres, SOURCE, size);
      const { folder, secrets } = await writeStack(place, 'steady', true);
      const steady = await startSteady(folder, secrets);
      await sleep(SETTLE_MS);
      const roots = [steady.worker()];
      const idle = memoryOf(roots);
      const peakOf = async (...command: string[]): Promise<number> => {
        const stop = watchMemory(() => roots);
        await steady.json(command);
        return stop();
      };
      const backup = await peakOf('backup', 'run', '--verify', 'stored');
      const restore = await peakOf('restore', '--into', 'restored', '--unverified');
      await steady.end();
      sizes.push({ data, idle, backup, restore });
      console.log(
        `${mb(data).toFixed(0)} MB  idle ${mb(idle).toFixed(0)} MB  backup ${mb(backup).toFixed(0)} MB  restore ${mb(restore).toFixed(0)} MB`,
      );
    } finally {
      await place.end();
    }
  }
  await keepResults('memory', { machine, sizes } satisfies MemoryResults);
}
