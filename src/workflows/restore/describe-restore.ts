import type { Previewed } from '../../activities/restore.js';
import type { RestoreInput } from '../../contracts/runs/procedures.js';
import { startLines, type Consumers } from '../shared/consumers.js';
import { formatBytes, formatDuration } from '../../contracts/stack/units.js';

export interface Described {
  readonly input: RestoreInput;
  readonly previews: readonly Previewed[];
  readonly consumers: Consumers;
  /** Other stores whose data are not back: what uses them too is not started again. */
  readonly notBack: readonly string[];
  readonly notes: readonly string[];
}

/** What a restore will do and what will be lost, a line each: what a dry run prints and an approver signs. */
export function describeRestore(described: Described): string[] {
  const lost = described.previews.flatMap(({ store, differs }) =>
    differs.map((line) => `${store}: the live data: ${line}`),
  );
  const asides = described.previews.flatMap(({ store, preview, expected }) => [
    ...(preview.asides ?? []).map((line) => `${store}: ${line}`),
    expected
      ? `${store}: loading and comparing take about ${formatDuration(Math.ceil(expected.seconds))}, going by the proof by restore of ${expected.from}`
      : `${store}: how long it takes is not known yet: nothing was proven by a restore`,
  ]);
  return [...describePlan(described), ...asides, ...lost];
}

/** The same without what changes by itself while the live data are written to. */
export function describePlan({ input, previews, consumers, notBack, notes }: Described): string[] {
  const lines: string[] = [];
  const stopsFirst = input.consumersFirst || input.mode === 'in-place';
  const stops = consumers.stop.length > 0 ? [`stop ${consumers.stop.join(', ')}`] : [];
  if (stopsFirst) lines.push(...stops);
  for (const { store, backupId, takenAt, bytes, rawBytes, server, preview } of previews) {
    const moment = takenAt.replace(/\.\d+Z$/, 'Z');
    lines.push(
      `${store}: from ${backupId}, data of ${moment}, ${formatBytes(rawBytes)} (${formatBytes(bytes)} stored), ${server}`,
    );
    if (input.mode !== 'into')
      lines.push(
        `${store}: everything written since ${moment} is replaced${preview.keptAs === undefined ? '' : ` and kept as ${preview.keptAs}`}`,
      );
    if (input.mode !== 'into' && preview.live === undefined)
      lines.push(`${store}: the live data cannot be read`);
    if (input.mode === 'in-place' && !preview.absent && preview.keptAs === undefined)
      lines.push(
        `${store}: a backup of the live data is taken first, for nothing is kept beside${input.unsaved ? '; where that fails they are lost' : ''}`,
      );
    preview.notes.forEach((note) => lines.push(`${store}: ${note}`));
    lines.push(`${store}: ${preview.words.load}`, `${store}: ${preview.words.compare}`);
  }
  if (!stopsFirst) lines.push(...stops);
  if (input.mode !== 'into') {
    for (const { store, preview } of previews) lines.push(`${store}: ${preview.words.cutover}`);
    lines.push(...startLines(input.snapshot.stack, consumers, notBack));
    const checks = Object.keys(input.snapshot.stack.checks);
    if (checks.length > 0) lines.push(`ask the checks ${checks.join(', ')}`);
  }
  return [...lines, ...notes];
}
