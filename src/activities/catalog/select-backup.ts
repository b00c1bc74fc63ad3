import { SteadyError } from '../../contracts/failures.js';
import { isTimeId } from '../../contracts/ids.js';
import type { Depth } from '../../contracts/names.js';
import { timeText } from '../../contracts/time-text.js';
import { isVerified, type ListedBackup } from './list-backups.js';

export interface Selected {
  readonly backup: ListedBackup;
  /** What a person should know about the choice. */
  readonly notes: string[];
}

/**
 * The backup meant by an id, `latest` or an RFC 3339 moment (the newest at or before it). Only verified ones unless
 * asked otherwise; a newer unverified one is named.
 */
export function selectBackup(
  backups: readonly ListedBackup[],
  choice: {
    readonly store: string;
    readonly text: string;
    readonly unverified: boolean;
    readonly demanded: Depth;
    /** Of the stack: moments are told by its clock. */
    readonly zone: string;
  },
): Selected {
  const { store, text } = choice;
  if (isTimeId(text)) {
    const backup = backups.find((one) => one.id === text);
    if (backup === undefined) throw new SteadyError('backup.unknown', { store, id: text });
    if (!choice.unverified && !isVerified(backup, choice.demanded)) {
      throw new SteadyError('backup.none-verified', {
        store,
        id: text,
        proven: backup.proven ?? 'nothing',
        demanded: choice.demanded,
      });
    }
    const suspect = backup.suspect ? [`${store}: ${backup.id} is marked suspect`] : [];
    return { backup, notes: [...suspect, ...failedProof(backup)] };
  }
  const before = text === 'latest' ? Number.POSITIVE_INFINITY : Date.parse(text);
  if (Number.isNaN(before)) throw new SteadyError('backup.unknown', { store, id: text });
  const candidates = backups.filter((one) => one.time.getTime() <= before);
  const usable = candidates.filter(
    (one) => !one.suspect && (choice.unverified || isVerified(one, choice.demanded)),
  );
  const backup = usable.at(-1);
  const newest = candidates.at(-1);
  if (backup === undefined) {
    const until = text === 'latest' ? '' : ` at or before ${timeText(text, choice.zone)}`;
    throw newest === undefined
      ? new SteadyError('backup.unknown', { store, error: `no backup${until || ' yet'}` })
      : new SteadyError('backup.none-verified', {
          store,
          wanted: `${text === 'latest' ? text : 'the newest'}${until}`,
          newest: newest.id,
          demanded: choice.demanded,
        });
  }
  const notes = failedProof(backup);
  if (newest !== undefined && newest.id !== backup.id) {
    const why = newest.suspect ? 'marked suspect' : 'not verified';
    notes.push(`${store}: a newer backup ${newest.id} is ${why} and was passed over`);
  }
  return { backup, notes };
}

/** Only who asks for unverified ones can come by such a backup. */
function failedProof({ store, id, failedAt }: ListedBackup): string[] {
  return failedAt === undefined
    ? []
    : [`${store}: the last proof of ${id} failed at ${failedAt.toISOString()}`];
}
