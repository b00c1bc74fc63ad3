import { ratios, spreadOf, type Spread } from '../lib/statistics.js';
import { mb } from '../lib/sizes.js';
import type { Measured } from '../speed/measure.js';
import type { SpeedResults } from '../speed/results.js';
import { barChart, type Bar } from './bars.js';
import { machineText, spreadText, table, verdict } from './markdown.js';
import type { Part } from './part.js';

type Row = SpeedResults['contestants'][number];
type Round = Row['rounds'][number];

/** Logical backups that somebody else makes: what ours is held against. */
const LOGICAL_PEERS = ['gzip', 'zstd', 'restic'];
const OURS = ['steady', 'steady-age', 'bare'];

export function speedPart(results: SpeedResults): Part {
  const of = (row: Row, pick: (round: Round) => number): number[] => row.rounds.map(pick);
  const spread = (row: Row, pick: (round: Round) => number): Spread => spreadOf(of(row, pick));
  const whole = results.contestants.filter((row) => !row.part);
  const cells = (row: Row, phase: 'backup' | 'restore'): string[] => [
    spreadText(
      spread(row, (round) => round[phase].wall),
      1,
    ),
    spreadText(
      spread(row, (round) => round[phase].cpu),
      1,
    ),
    spreadText(
      spread(row, (round) => round[phase].cpuTools),
      1,
    ),
    mb(spread(row, (round) => round[phase].peak).median).toFixed(0),
  ];
  const statistics = (row: Row): string => {
    const seconds = row.rounds.flatMap((round) => round.analyze?.wall ?? []);
    if (seconds.length > 0) return spreadText(spreadOf(seconds), 1);
    return OURS.includes(row.name) || row.name === 'pgbackrest' ? 'in it' : 'not measured';
  };
  const head = ['', 'seconds', 'CPU s, all', 'CPU s, tools', 'peak MB'];
  const phase = (name: 'backup' | 'restore'): string =>
    table(
      [...head, name === 'backup' ? 'stored MB' : 'statistics, s'],
      results.contestants.map((row) => [
        row.title,
        ...cells(row, name),
        name === 'backup' ? mb(spread(row, ({ stored }) => stored).median).toFixed(0) : statistics(row),
      ]),
    );
  const bars = (digits: number, pick: (round: Round) => number, title: string, unit: string) =>
    barChart({
      ...{ title, unit, digits },
      bars: whole.map((row): Bar => ({
        label: row.title,
        spread: spread(row, pick),
        ours: OURS.includes(row.name),
      })),
    });
  const seconds = (name: 'backup' | 'restore', what: keyof Measured) => (round: Round) => round[name][what];
  const absent = Object.entries(results.absent).map(([name, why]) => `Not measured: ${name}, ${why}.`);
  return {
    text: [
      `${mb(results.bytes).toFixed(0)} MB in PostgreSQL (one table is half of it), ${results.contestants[0]?.rounds.length ?? 0} rounds, everybody in turn in each. Median, and in brackets the least and the most.`,
      table(['', 'aim', 'measured', 'held'], promises(results, of)),
      '![Seconds of a backup](benchmarks/backup-seconds.svg) ![Seconds of a restore](benchmarks/restore-seconds.svg) ![CPU seconds of a backup](benchmarks/backup-cpu.svg) ![CPU seconds of a restore](benchmarks/restore-cpu.svg) ![Stored](benchmarks/stored.svg)',
      `Backup:\n\n${phase('backup')}`,
      `Restore:\n\n${phase('restore')}`,
      results.contestants.map(({ title, what }) => `- ${title}: ${what}`).join('\n'),
      ...absent,
      machineText(results.machine, results.versions),
    ].join('\n\n'),
    plots: {
      'backup-seconds': bars(1, seconds('backup', 'wall'), 'Backup', 's'),
      'restore-seconds': bars(1, seconds('restore', 'wall'), 'Restore', 's'),
      'backup-cpu': bars(1, seconds('backup', 'cpu'), 'Backup, CPU of all processes', 's'),
      'restore-cpu': bars(1, seconds('restore', 'cpu'), 'Restore, CPU of all processes', 's'),
      stored: bars(0, ({ stored }) => stored / 1e6, 'Stored', 'MB'),
    },
  };
}

/** What was promised, as ratios of the same round; a line whose contestants did not take part is left out. */
function promises(
  { contestants }: SpeedResults,
  of: (row: Row, pick: (round: Round) => number) => number[],
): string[][] {
  const find = (name: string): Row | undefined => contestants.find((row) => row.name === name);
  const [ours, pipeline, streamed] = [find('steady'), find('bare'), find('zstd')];
  const peers = LOGICAL_PEERS.flatMap((name) => find(name) ?? []);
  const middle = (row: Row): number => spreadOf(of(row, (round) => round.restore.wall)).median;
  const fastest = [...peers].sort((a, b) => middle(a) - middle(b))[0];
  const ratio = (
    words: string,
    most: number,
    [row, by]: readonly [Row | undefined, Row | undefined],
    pick: (round: Round) => number,
  ): string[][] => {
    if (row === undefined || by === undefined) return [];
    const found = ratios(of(row, pick), of(by, pick));
    return [[words, `≤ ${most}`, spreadText(found, 2), verdict(found.median <= most)]];
  };
  const around = (name: 'backup' | 'restore', most?: number): string[][] => {
    if (ours === undefined || pipeline === undefined) return [];
    const [whole, bare] = [of(ours, (r) => r[name].wall), of(pipeline, (r) => r[name].wall)];
    const found = spreadOf(whole.map((wall, at) => wall - (bare[at] as number)));
    const words = `${name}: the procedure over its bare pipeline, s`;
    return [
      [
        words,
        most === undefined ? '' : `≤ ${most}`,
        spreadText(found, 1),
        most === undefined ? '' : verdict(found.median <= most),
      ],
    ];
  };
  const to = fastest === undefined ? '' : `the fastest logical peer (${fastest.title})`;
  return [
    ...ratio(
      'backup, seconds: the pipeline alone to pg_dump -Fc, zstd',
      0.75,
      [pipeline, streamed],
      (r) => r.backup.wall,
    ),
    ...ratio(
      'backup, seconds: the whole procedure to pg_dump -Fc, zstd',
      0.75,
      [ours, streamed],
      (r) => r.backup.wall,
    ),
    ...around('backup', 1.5),
    ...([pipeline, ours] as const).flatMap((row, at) => {
      const who = at === 0 ? 'the pipeline alone' : 'the whole procedure';
      const restored = (what: 'wall' | 'cpu') => (r: Round) => r.restore[what] + (r.analyze?.[what] ?? 0);
      const measured = fastest?.rounds.every((r) => r.analyze !== undefined) === true ? fastest : undefined;
      return [
        ...ratio(`restore with statistics, seconds: ${who} to ${to}`, 1, [row, measured], restored('wall')),
        ...ratio(`restore with statistics, CPU: ${who} to ${to}`, 0.9, [row, measured], restored('cpu')),
        ...ratio(
          `restore, CPU: ${who} with statistics to ${to} without`,
          0.9,
          [row, fastest],
          (r) => r.restore.cpu,
        ),
        ...ratio(
          `restore, seconds: ${who} with statistics to ${to} without`,
          1,
          [row, fastest],
          (r) => r.restore.wall,
        ),
      ];
    }),
    ...around('restore'),
    ...ratio('stored bytes to pg_dump -Fc, zstd', 1.1, [ours, streamed], (r) => r.stored),
  ];
}
