import { Client, Connection } from '@temporalio/client';
import { startTemporal } from '../test/services/temporal.js';

/**
 * The price of full synchronous writes of Temporal's SQLite file: starts and signals of workflows, one after another,
 * with synchronous=NORMAL (a power cut may lose the last commits) and FULL (it loses none), in turns. What is written
 * lies in TMPDIR: name a folder on the disk you mean.
 *
 *   node --import tsx bench/sqlite-sync.ts [starts]
 */
const STARTS = Number(process.argv[2] ?? 200);
const TURNS = 3;

/** Milliseconds of each start and signal together. */
async function timesWith(synchronous: 1 | 2): Promise<number[]> {
  const server = await startTemporal({ extraArgs: ['--sqlite-pragma', `synchronous=${synchronous}`] });
  const connection = await Connection.connect({ address: server.address });
  try {
    const client = new Client({ connection });
    const times: number[] = [];
    for (let at = 0; at < STARTS; at++) {
      const begun = performance.now();
      // Nobody works on it: what is measured is the server alone.
      const handle = await client.workflow.start('nothing', {
        taskQueue: 'nobody',
        workflowId: `bench-${at}`,
        args: [],
      });
      await handle.signal('more');
      times.push(performance.now() - begun);
    }
    return times;
  } finally {
    await connection.close();
    await server.close();
  }
}

const middle = (times: readonly number[]): number =>
  [...times].sort((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

const normal: number[] = [];
const full: number[] = [];
for (let turn = 0; turn < TURNS; turn++) {
  normal.push(middle(await timesWith(1)));
  full.push(middle(await timesWith(2)));
}
const row = (name: string, times: readonly number[]): string =>
  `${name}  median ${middle(times).toFixed(2)} ms a start and signal  (turns: ${times.map((time) => time.toFixed(2)).join(', ')})`;
console.log(row('synchronous=NORMAL', normal));
console.log(row('synchronous=FULL  ', full));
console.log(`FULL / NORMAL: ${(middle(full) / middle(normal)).toFixed(2)}`);
