import { median, spreadOf } from '../lib/statistics.js';
import { mb } from '../lib/sizes.js';
import type { OverheadResults } from '../overhead/results.js';
import { machineText, spreadText, table, verdict } from './markdown.js';
import type { Part } from './part.js';

/** Longest that the procedure may take beside its bare pipeline, in seconds. */
const MOST_SECONDS = 1.5;

export function overheadPart({ machine, bytes, rounds, entities, databaseBytes }: OverheadResults): Part {
  const around = spreadOf(rounds.map(({ bare, run }) => run.seconds - bare));
  const command = spreadOf(rounds.map((round) => round.command - round.run.seconds));
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
  const [first] = rounds;
  return {
    text: [
      `A backup of ${mb(bytes).toFixed(0)} MB, ${rounds.length} rounds in turns with the bare pipeline.`,
      table(
        ['', 'aim', 'measured', 'held'],
        [
          [
            'the run over its bare pipeline, s',
            `≤ ${MOST_SECONDS}`,
            spreadText(around, 2),
            verdict(around.median <= MOST_SECONDS),
          ],
          ['the bare pipeline, s', '', spreadText(spreadOf(rounds.map(({ bare }) => bare)), 2), ''],
          ['the command over its run (starting Node.js, asking), s', '', spreadText(command, 2), ''],
          ['events in the histories of a run', '', String(first?.run.events ?? 0), ''],
          ['bytes of these histories', '', ((first?.run.bytes ?? 0) / 1000).toFixed(1) + ' kB', ''],
          ['events at locks, claims and the ledger', '', entities.events.toFixed(1), ''],
          ['growth of Temporal’s file a run', '', `${(databaseBytes / 1000).toFixed(0)} kB`, ''],
        ],
      ),
      'By activity, medians in milliseconds: what it did, and what Temporal and the worker took around it (from being asked for to its beginning, from its end until the workflow had gone on).',
      table(['activity', 'a run', 'did', 'around'], rows),
      machineText(machine),
    ].join('\n\n'),
    plots: {},
  };
}
