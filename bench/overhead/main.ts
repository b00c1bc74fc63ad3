import { statSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { ledgerEntityId, storageEntityId, targetEntityId } from '../../src/contracts/ids.js';
import { thisMachine } from '../lib/machine.js';
import { keepResults } from '../lib/results.js';
import { bare } from '../speed/contestants/bare.js';
import { SOURCE } from '../speed/contestants/script.js';
import { writeStack } from '../speed/contestants/steady.js';
import { openPlace } from '../speed/place.js';
import { seed } from '../speed/seed.js';
import { startSteady } from '../speed/steady.js';
import { openHistories } from './histories.js';
import type { OverheadResults } from './results.js';

const BYTES = 10e6;
const ENTITIES = [targetEntityId('bench', 'db'), storageEntityId('bench'), ledgerEntityId('bench')];

/**
 * What a backup costs beside moving its bytes: of a small database, so that little else is left, in turns with the bare
 * pipeline.
 */
export async function overhead(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({ args: [...argv], options: { runs: { type: 'string', default: '10' } } });
  const runs = Number(values.runs);
  const machine = thisMachine();
  const place = await openPlace();
  try {
    const bytes = seed(place.postgres, SOURCE, BYTES);
    const { folder, secrets } = await writeStack(place, 'steady', false);
    const pipeline = bare(place);
    await pipeline.begin();
    // One of each that does not count: programs come from the disk, entities are started.
    const warm = await startSteady(folder, secrets);
    await warm.json(['backup', 'run', '--verify', 'stored']);
    await pipeline.backup();
    await warm.end();
    const sizeBefore = statSync(warm.temporalFile).size;

    const steady = await startSteady(folder, secrets);
    const histories = await openHistories(steady.address);
    const before = await histories.entities(ENTITIES);
    const rounds: OverheadResults['rounds'][number][] = [];
    for (let round = 0; round < runs; round++) {
      const alone = await timed(() => pipeline.backup());
      const whole = await timed(() => steady.json<{ run: string }>(['backup', 'run', '--verify', 'stored']));
      const run = await histories.run(whole.result.run);
      rounds.push({ bare: alone.seconds, command: whole.seconds, run });
      console.log(
        `${round + 1}/${runs}  bare ${alone.seconds.toFixed(2)} s  run ${run.seconds.toFixed(2)} s  command ${whole.seconds.toFixed(2)} s  ${run.events} events`,
      );
    }
    const after = await histories.entities(ENTITIES);
    await histories.close();
    await steady.end();
    await pipeline.end('none');
    const results: OverheadResults = {
      ...{ machine, bytes, rounds },
      entities: {
        events: (after.events - before.events) / runs,
        bytes: (after.bytes - before.bytes) / runs,
      },
      databaseBytes: (statSync(steady.temporalFile).size - sizeBefore) / runs,
    };
    console.log(
      `entities ${results.entities.events} events a run, file ${Math.round(results.databaseBytes / 1000)} kB a run`,
    );
    await keepResults('overhead', results);
  } finally {
    await place.end();
  }
}

async function timed<T>(work: () => Promise<T>): Promise<{ result: T; seconds: number }> {
  const begun = performance.now();
  const result = await work();
  return { result, seconds: (performance.now() - begun) / 1000 };
}
