import type { Command } from 'commander';
import type { BackupLine } from '../../../contracts/runs/lines.js';
import type { Imported, Manifest } from '../../../contracts/stored/manifest.js';
import { ask } from '../../ask.js';
import { backupIdOf } from '../../arguments.js';
import { keptWords, proofWords, tamperedWords, TIMES } from '../../backup-words.js';
import { contextOf } from '../../context.js';
import type { Output } from '../../output.js';
import { bytesText, countText, momentText, secondsText, table, timeText } from '../../words.js';

/** More than these are for --json. */
const MOST_COUNTS = 30;

export function addShowCommand(backup: Command): void {
  backup
    .command('show')
    .argument('<id>')
    .description('a manifest: what it holds and the commands that restore it without this program')
    .action(async (given: string, _options: object, command: Command) => {
      const context = contextOf(command);
      const { stack } = await context.load();
      const manifest = await ask<Manifest>(context, { what: 'backup', id: backupIdOf(given) });
      if (context.output.json) {
        context.output.document(manifest);
        return;
      }
      const all = await ask<BackupLine[]>(context, { what: 'backups', stores: [manifest.store] });
      tell(
        context.output,
        manifest,
        all.find((one) => one.id === manifest.id),
        stack.timezone,
      );
    });
}

function tell(output: Output, manifest: Manifest, line: BackupLine | undefined, zone: string): void {
  const { bytes, rawBytes, streams, recipients, server } = manifest;
  const taken = (Date.parse(manifest.finishedAt) - Date.parse(manifest.startedAt)) / 1000;
  const encrypted =
    recipients.length > 0 ? `encrypted for ${countText(recipients.length, 'recipient')}` : 'not encrypted';
  const facts: [string, string][] = [
    ['store', `${manifest.store}, ${server.product} ${server.version}`],
    ['data of', momentText(manifest.takenAt, zone)],
    [
      'stored',
      `${bytesText(bytes)} of ${bytesText(rawBytes)}, ${countText(streams.length, 'stream')}, ${encrypted}`,
    ],
    ['taken in', `${secondsText(taken)} by ${manifest.run.workflowId}`],
  ];
  if (line) {
    facts.push(['proof', proofWords(line)]);
    const kept = keptWords(line, (iso) => timeText(iso, zone));
    if (kept !== '') facts.push([line.lockedUntil === undefined ? 'mark' : 'kept', kept]);
  }
  if (manifest.imported) facts.push(...importedFacts(manifest.imported, zone));
  if (manifest.set !== undefined) facts.push(['set', manifest.set]);
  output.line(`backup ${manifest.id}`);
  table(facts).forEach((row) => output.line(`  ${row}`));
  for (const one of line?.tampered ?? []) output.line(output.color.red(`  ${tamperedWords(one, zone)}`));
  for (const note of manifest.notes) output.line(`  note: ${note}`);

  const counts = Object.entries(manifest.facts.counts);
  if (counts.length > 0) output.line('holds');
  table(
    counts.slice(0, MOST_COUNTS).map(([name, count]) => [name, String(count)]),
    [1],
  ).forEach((row) => output.line(`  ${row}`));
  if (counts.length > MOST_COUNTS) output.line(`  and ${counts.length - MOST_COUNTS} more (--json)`);
  output.line('restore it without this program');
  for (const command of manifest.restore) output.line(`  ${command}`);
}

function importedFacts(
  { file, host, format, sha256, at, timeFrom }: Imported,
  zone: string,
): [string, string][] {
  return [
    [
      'imported',
      `${timeText(at, zone)} from ${file} on ${host}, ${format}; time of the data ${TIMES[timeFrom]}`,
    ],
    ['sha256', `${sha256} of that file`],
  ];
}
