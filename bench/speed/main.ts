import { realpathSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { toolPath } from '../../test/services/tools.js';
import { spreadOf } from '../lib/statistics.js';
import { thisMachine } from '../lib/machine.js';
import { keepResults } from '../lib/results.js';
import { bytesOf, mb } from '../lib/sizes.js';
import { bare } from './contestants/bare.js';
import { pgbackrest } from './contestants/pgbackrest.js';
import { SOURCE, versionOf } from './contestants/script.js';
import { gzip, restic, zstd } from './contestants/scripts.js';
import { steady } from './contestants/steady.js';
import type { Contestant } from './contestant.js';
import { measure, type Measured } from './measure.js';
import { openPlace, POSTGRES_SETTINGS, type Place } from './place.js';
import type { SpeedResults } from './results.js';
import { contentOf, seed } from './seed.js';

const ALL: Readonly<Record<string, (place: Place) => Contestant>> = {
  gzip,
  zstd,
  restic,
  pgbackrest,
  bare,
  steady: (place) => steady(place, false),
  'steady-age': (place) => steady(place, true),
};

/**
 * Everybody in turn, as many rounds as asked for, so that what the machine does besides falls on all alike. Each backs
 * up the same database to the same storage and restores it, and what was restored is compared.
 */
export async function speed(argv: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...argv],
    options: {
      quick: { type: 'boolean', default: false },
      size: { type: 'string' },
      runs: { type: 'string' },
      only: { type: 'string' },
    },
  });
  const size = bytesOf(values.size ?? (values.quick ? '150MB' : '1.5GB'));
  const runs = Number(values.runs ?? (values.quick ? 2 : 5));
  const names = values.only?.split(',') ?? Object.keys(ALL);
  const machine = thisMachine();
  const place = await openPlace();
  try {
    console.log(`seeding ${mb(size).toFixed(0)} MB`);
    const bytes = seed(place.postgres, SOURCE, size);
    const expected = contentOf((sql) => place.postgres.sql(SOURCE, sql));
    console.log(
      `${mb(bytes).toFixed(0)} MB in PostgreSQL ${place.postgres.major}; load before: ${machine.loadBefore}`,
    );
    const { contestants, absent } = present(place, names);
    const rows = contestants.map((one) => ({
      one,
      rounds: [] as SpeedResults['contestants'][number]['rounds'],
    }));
    for (let round = 1; round <= runs; round++) {
      for (const { one, rounds } of rows) {
        rounds.push(await turn(place, one, expected, round === 1));
        const { backup, restore, stored } = rounds.at(-1) as (typeof rounds)[number];
        console.log(
          `${round}/${runs}  ${one.name.padEnd(11)} backup ${words(backup)}  restore ${words(restore)}  stored ${mb(stored).toFixed(0)} MB`,
        );
      }
      const results: SpeedResults = {
        ...{ machine, bytes, settings: POSTGRES_SETTINGS, absent },
        versions: Object.assign(
          { PostgreSQL: versionOf('postgres', place), MinIO: minioVersion() },
          ...contestants.map(({ versions }) => versions),
        ) as Record<string, string>,
        contestants: rows.map(({ one: { name, title, what, part = false }, rounds }) => ({
          ...{ name, title, what, part, rounds },
        })),
      };
      // After each round: one that is broken off has measured something.
      if (!values.quick) await keepResults('speed', results);
    }
    for (const { one, rounds } of rows) {
      const [backup, restore] = [
        spreadOf(rounds.map((r) => r.backup.wall)),
        spreadOf(rounds.map((r) => r.restore.wall)),
      ];
      console.log(
        `${one.name.padEnd(11)} backup ${backup.median.toFixed(1)} s  restore ${restore.median.toFixed(1)} s`,
      );
    }
  } finally {
    await place.end();
  }
}

/** Who takes part: who cannot be had is told and named in the results. */
function present(
  place: Place,
  names: readonly string[],
): { contestants: Contestant[]; absent: Record<string, string> } {
  const contestants: Contestant[] = [];
  const absent: Record<string, string> = {};
  for (const name of names) {
    const make = ALL[name];
    if (make === undefined) throw new RangeError(`--only ${name}: one of ${Object.keys(ALL).join(', ')}`);
    try {
      contestants.push(make(place));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      absent[name] = `${(error as { path?: string }).path ?? 'a tool of it'} is not installed`;
      console.log(`without ${name}: ${absent[name]}`);
    }
  }
  return { contestants, absent };
}

const RESTORED = 'restored';

async function turn(place: Place, one: Contestant, expected: string, check: boolean) {
  try {
    await one.begin();
    const backup = await measure(place, one, () => one.backup());
    const stored = await one.stored();
    const restore = await measure(place, one, () => one.restore(RESTORED));
    const { analyze } = one;
    const statistics = analyze && { analyze: await measure(place, one, () => analyze(RESTORED)) };
    if (check) await one.check(RESTORED, expected);
    return { backup, restore, ...statistics, stored };
  } finally {
    await one.end(RESTORED);
  }
}

/** One that was built of its module says nothing of itself; its folder is named by the commit. */
function minioVersion(): string {
  const path = realpathSync(toolPath('minio'));
  return /minio-([0-9a-f]{12})/.exec(path)?.[1] ?? path;
}

const words = ({ wall, cpu, cpuTools, peak }: Measured): string =>
  `${wall.toFixed(1)} s (cpu ${cpu.toFixed(1)}, tools ${cpuTools.toFixed(1)}, ${mb(peak).toFixed(0)} MB)`;
