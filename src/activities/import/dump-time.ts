import { basename } from 'node:path';
import { DateTime } from 'luxon';
import type { Imported } from '../../contracts/stored/manifest.js';

const IN_NAME =
  /(?<!\d)(20\d\d)-?([01]\d)-?([0-3]\d)(?:[-_T ]?([0-2]\d)[-:_]?([0-5]\d)(?:[-:_]?([0-5]\d))?)?(?!\d)/;

export interface DumpTime {
  readonly takenAt: string;
  readonly timeFrom: Imported['timeFrom'];
}

/**
 * When the data of a dump were taken, RFC 3339: as somebody says, as the dump itself says, as its name says where that
 * has a time of day, else when the file was last written. A name with a day alone counts where the file was written on
 * another one, as copies are: then it is the end of that day, which no data of it can be newer than.
 *
 * @param zone of the stack: names have local times
 */
export function dumpTime(of: {
  readonly file: string;
  readonly modifiedAt: Date;
  readonly zone: string;
  readonly given?: string | undefined;
  readonly told?: string | undefined;
}): DumpTime {
  if (of.given !== undefined) return { takenAt: of.given, timeFrom: 'given' };
  if (of.told !== undefined) return { takenAt: of.told, timeFrom: 'dump' };
  const written = DateTime.fromJSDate(of.modifiedAt, { zone: of.zone });
  const named = timeIn(basename(of.file), of.zone);
  if (named === undefined || (!named.exact && named.at.hasSame(written, 'day')))
    return { takenAt: of.modifiedAt.toISOString(), timeFrom: 'file' };
  const at = named.exact ? named.at : named.at.endOf('day');
  return { takenAt: at.toJSDate().toISOString(), timeFrom: 'name' };
}

function timeIn(name: string, zone: string): { at: DateTime; exact: boolean } | undefined {
  const found = IN_NAME.exec(name);
  if (!found) return undefined;
  const [year, month, day, hour, minute, second] = found.slice(1).map((part) => Number(part ?? 0));
  const at = DateTime.fromObject({ year, month, day, hour, minute, second }, { zone });
  return at.isValid ? { at, exact: found[4] !== undefined } : undefined;
}
