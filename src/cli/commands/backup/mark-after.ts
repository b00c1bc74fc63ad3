import { answerOf } from '../../../client/outcome.js';
import { startRun } from '../../../client/start.js';
import { backupsToMark } from '../../../contracts/runs/backups-to-mark.js';
import type { MarkAfterInput, MarkInput, MarkResult } from '../../../contracts/runs/procedures.js';
import type { BackupLine } from '../../../contracts/runs/lines.js';
import type { RunInput } from '../../../contracts/runs/snapshot.js';
import { ask } from '../../ask.js';
import type { Context } from '../../context.js';
import { countText, momentText } from '../../words.js';

type What<Input> = Omit<Input, keyof RunInput>;

/** Starts a run that writes marks, and waits for it. */
export async function startMark(
  context: Context,
  what: What<MarkInput> | What<MarkAfterInput>,
): Promise<MarkResult> {
  return await context.withTemporal(async (steady) => {
    const input = {
      version: 1 as const,
      snapshot: await context.appliedSnapshot(steady),
      by: await context.requester(),
      ...what,
    };
    return await answerOf<MarkResult>(steady, await startRun(steady, { procedure: 'mark', input }));
  });
}

/** Marks all backups with data from a moment on, and says what is left to rely on. */
export async function markAfter(
  context: Context,
  { dryRun, ...what }: What<MarkAfterInput> & { readonly dryRun: boolean },
): Promise<void> {
  const { output } = context;
  const { timezone } = (await context.load()).stack;
  const before = await ask<BackupLine[]>(context, { what: 'backups', stores: what.stores });
  const backups = dryRun ? backupsToMark(before, what) : (await startMark(context, what)).marked;
  const marked = (one: BackupLine): boolean =>
    backups.some(({ store, id }) => store === one.store && id === one.id);
  for (const { store, id } of backups) output.line(`${store} ${id}`);
  const word = what.kind === 'suspect' ? 'marked suspect' : 'accepted';
  output.line(
    `${countText(backups.length, 'backup')} with data of ${momentText(what.after, timezone)} or later ${dryRun ? 'would be ' : ''}${word}; none is deleted`,
  );
  const left = what.stores.map((store) => {
    const counting = before.filter(
      (one) =>
        one.store === store &&
        one.verified !== undefined &&
        (marked(one) ? what.kind === 'accepted' : !one.suspect),
    );
    return { store, newest: counting.at(-1) };
  });
  for (const { store, newest } of left)
    output.line(
      newest === undefined
        ? `${store}: NO VERIFIED BACKUP is left; nothing of it is deleted meanwhile`
        : `${store}: latest is ${newest.id}, data of ${momentText(newest.takenAt, timezone)}`,
    );
  if (what.kind === 'suspect')
    output.line('Backups that are made from now on count: mark those too, if the cause is not gone yet.');
  output.document({
    ...what,
    dryRun,
    backups,
    latest: Object.fromEntries(left.map(({ store, newest }) => [store, newest?.id ?? null])),
  });
}
