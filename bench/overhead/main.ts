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
import { phase } from './phase.js';
import type { OverheadResults } from './results.js';

const BYTES = 10e6;
const ENTITIES = [targetEntityId('bench', 'db'), storageEntityId('bench'), ledgerEntityId('bench')];

/** Of a plan that runs on no day of the bench: what prune goes by. */
const KEEP_ONE =
  'plans:\n  yearly: { schedule: "0 0 29 2 *", stores: [db], keep: { last: 1, verified: 1 }, rpo: 36500d, prove: { schedule: never } }\n';

/**
 * What procedures cost beside moving bytes: of a small database, so that little else is left. A backup and a restore in
 * turns with the bare pipeline; a proof; a prune that deletes one backup.
 */
export async function overhead(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: { runs: { type: 'string', default: '10' }, quick: { type: 'boolean', default: false } },
  });
  const runs = values.quick ? 2 : Number(values.runs);
  const machine = thisMachine();
  const place = await openPlace();
  try {
    const bytes = seed(place.postgres, SOURCE, BYTES);
    const { folder, secrets } = await writeStack(place, 'steady', false);
    const pipeline = bare(place);
    await pipeline.begin();
    const start = () => startSteady(folder, secrets);
    /** One of each that does not count: programs come from the disk, entities are started. */
    const warm = async (...commands: readonly (readonly string[])[]): Promise<string> => {
      const steady = await start();
      for (const command of commands) await steady.json(command);
      await steady.end();
      return steady.temporalFile;
    };
    const backup = ['backup', 'run', '--verify', 'stored'];
    const restore = (into: string) => ['restore', '--into', into, '--unverified'];
    const verify = ['backup', 'verify', 'latest', '--depth', 'readable'];
    const prune = ['backup', 'prune'];

    const temporalFile = await warm(backup, restore('warm'), verify);
    await pipeline.backup();
    await pipeline.restore('warm_bare');
    const of = { runs, start, temporalFile, entities: ENTITIES };
    const backups = await phase({
      ...of,
      name: 'backup',
      command: () => backup,
      bare: () => pipeline.backup(),
    });
    const others = [
      await phase({
        ...of,
        name: 'restore',
        command: (round) => restore(`back_${round}`),
        bare: (round) => pipeline.restore(`bare_${round}`),
      }),
      await phase({ ...of, name: 'verify', command: () => verify }),
    ];

    await writeStack(place, 'steady', false, KEEP_ONE);
    const proven = ['backup', 'run', '--verify', 'readable'];
    await warm(proven, prune);
    others.push(
      await phase({
        ...of,
        name: 'prune',
        command: () => prune,
        // The last backup is then one that nothing keeps.
        prepare: (steady) => steady.json(proven),
        prepared: backups.databaseBytes,
      }),
    );
    await pipeline.end('none');
    const { name: _, ...own } = backups;
    const results: OverheadResults = { machine, bytes, ...own, others };
    if (values.quick) console.log(JSON.stringify(results));
    else await keepResults('overhead', results);
  } finally {
    await place.end();
  }
}
