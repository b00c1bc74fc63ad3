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
  const suspects = candidates.filter((one) => one.suspect).length;
  if (backup === undefined) {
    const until = text === 'latest' ? '' : ` at or before ${timeText(text, choice.zone)}`;
    throw newest === undefined
      ? new SteadyError('backup.unknown', { store, error: `no backup${until || ' yet'}` })
      : new SteadyError('backup.none-verified', {
          store,
          wanted: `${text === 'latest' ? text : 'the newest'}${until}`,
          newest: newest.id,
          demanded: choice.demanded,
          ...(suspects > 0 && { suspect: `${suspects} of ${candidates.length}` }),
        });
  }
  const passedOver = candidates.slice(candidates.indexOf(backup) + 1).reverse();
  return { backup, notes: [...failedProof(backup), ...passedOverNote(store, passedOver)] };
}

const SHOWN = 3;

/** Newer ones that were not taken, newest first. */
function passedOverNote(store: string, backups: readonly ListedBackup[]): string[] {
  const why = (one: ListedBackup): string => (one.suspect ? 'marked suspect' : 'not verified');
  const [newest, ...more] = backups;
  if (newest === undefined) return [];
  if (more.length === 0)
    return [`${store}: a newer backup ${newest.id} is ${why(newest)} and was passed over`];
  const shown = backups.slice(0, SHOWN).map((one) => `${one.id} (${why(one)})`);
  const rest = backups.length > SHOWN ? `, and ${backups.length - SHOWN} more` : '';
  return [`${store}: ${backups.length} newer backups were passed over: ${shown.join(', ')}${rest}`];
}

/** Only who asks for unverified ones can come by such a backup. */
function failedProof({ store, id, failedAt }: ListedBackup): string[] {
  return failedAt === undefined
    ? []
    : [`${store}: the last proof of ${id} failed at ${failedAt.toISOString()}`];
}
