import { median, spreadOf } from '../lib/statistics.js';
import { mb } from '../lib/sizes.js';
import type { OverheadResults, ProcedureCost } from '../overhead/results.js';
import { machineText, spreadText, table, verdict } from './markdown.js';
import type { Part } from './part.js';

/** Longest that the procedure may take beside its bare pipeline, in seconds. */
const MOST_SECONDS = 1.5;

/** What the others are, as a page says it. */
const TITLES: Readonly<Record<string, string>> = {
  restore: 'A restore of it into a new place (`steady restore --into`), in turns with the bare pipeline',
  verify: 'A proof of it, `readable`: read to its end',
  prune: 'A prune that deletes one backup',
};

export function overheadPart({ machine, bytes, others = [], ...backup }: OverheadResults): Part {
  return {
    text: [
      `A backup of ${mb(bytes).toFixed(0)} MB, ${backup.rounds.length} rounds in turns with the bare pipeline.`,
      costs({ name: 'backup', ...backup }),
      'By activity, medians in milliseconds: what it did, and what Temporal and the worker took around it (from being asked for to its beginning, from its end until the workflow had gone on).',
      byActivity(backup),
      ...others.flatMap((one) => [
        `${TITLES[one.name] ?? one.name}, ${one.rounds.length} rounds.`,
        costs(one),
        byActivity(one),
      ]),
      machineText(machine),
    ].join('\n\n'),
    plots: {},
  };
}

function costs({ name, rounds, entities, databaseBytes }: ProcedureCost): string {
  const bare = rounds.flatMap((round) => (round.bare === undefined ? [] : [round.bare]));
  const run = spreadOf(rounds.map((round) => round.run.seconds - (round.bare ?? 0)));
  const command = spreadOf(rounds.map((round) => round.command - round.run.seconds));
  // A restore counts and compares too, which the bare pipeline does not: nothing is promised of the difference.
  const [aim, held] =
    name === 'backup' ? [`≤ ${MOST_SECONDS}`, verdict(run.median <= MOST_SECONDS)] : ['', ''];
  const compared =
    bare.length === 0
      ? [['the run, s', '', spreadText(run, 2), '']]
      : [
          ['the run over its bare pipeline, s', aim, spreadText(run, 2), held],
          ['the bare pipeline, s', '', spreadText(spreadOf(bare), 2), ''],
        ];
  const middle = (pick: (round: ProcedureCost['rounds'][number]) => number): number =>
    median(rounds.map(pick));
  return table(
    ['', 'aim', 'measured', 'held'],
    [
      ...compared,
      ['the command over its run (starting Node.js, asking), s', '', spreadText(command, 2), ''],
      ['events in the histories of a run', '', middle((round) => round.run.events).toFixed(0), ''],
      ['bytes of these histories', '', `${(middle((round) => round.run.bytes) / 1000).toFixed(1)} kB`, ''],
      ['events at locks, claims and the ledger', '', entities.events.toFixed(1), ''],
      ['growth of Temporal’s file a run', '', `${(databaseBytes / 1000).toFixed(0)} kB`, ''],
    ],
  );
}

function byActivity({ rounds }: Pick<ProcedureCost, 'rounds'>): string {
  const calls = rounds.flatMap(({ run }) => run.calls);
  const names = [...new Set(calls.map(({ name }) => name))];
  const ms = (values: readonly number[]): string => median(values).toFixed(0);
  const rows = names.map((name) => {
    const of = calls.filter((call) => call.name === name);
    return [
      `\`${name}\``,
      String(of.length / rounds.length),
      ms(of.map(({ ran }) => ran)),
      ms(of.map((call) => call.around)),
    ];
  });
  return table(['activity', 'a run', 'did', 'around'], rows);
}
