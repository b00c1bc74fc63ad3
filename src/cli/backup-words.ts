import type { BackupLine, TamperedLine, UnlockedLine } from '../contracts/runs/lines.js';
import { unlockedWords } from '../contracts/runs/unlocked-words.js';
import type { Imported } from '../contracts/stored/manifest.js';
import { agoText, momentText } from './words.js';

/** How far a backup is proven, in words for a table. */
export function proofWords(one: BackupLine, now = Date.now()): string {
  if (one.tampered !== undefined && one.tampered.length > 0) return `TAMPERED WITH; ${provenWords(one, now)}`;
  return provenWords(one, now);
}

function provenWords(one: BackupLine, now: number): string {
  if (one.suspect) {
    // steadyhand itself marks what is sharply smaller.
    if (one.shrunk && one.suspected?.by === 'steady') return 'sharply smaller, not accepted';
    return one.suspected?.reason ? `marked suspect: ${one.suspected.reason}` : 'marked suspect';
  }
  if (one.failedProof !== undefined) return `PROOF FAILED ${agoText(one.failedProof, now)}`;
  const at = one.verifiedAt === undefined ? '' : ` ${agoText(one.verifiedAt, now)}`;
  if (one.verified !== undefined) return `${one.verified}${at}`;
  return one.proven === undefined ? 'not proven' : `${one.proven}${at}, not deep enough`;
}

/** Until when it is locked, and until when a mark keeps it; empty where neither is. */
export function keptWords(one: BackupLine, time: (iso: string) => string): string {
  const locked = one.lockedUntil === undefined ? [] : [lockWords(one.lockedUntil, time)];
  return [...locked, ...markWords(one, time)].join(', ');
}

function lockWords(until: string, time: (iso: string) => string): string {
  return `${Date.parse(until) > Date.now() ? 'locked until' : 'was locked until'} ${time(until)}`;
}

function markWords(one: BackupLine, time: (iso: string) => string): string[] {
  if (one.kept === undefined) return [];
  return [one.kept === 'forever' ? 'kept for ever' : `kept until ${time(one.kept)}`];
}

/** That a backup was made of a dump by another program; empty for all others. */
export function importedWords({ imported }: Pick<BackupLine, 'imported'>): string {
  return imported === undefined ? '' : `imported from ${imported.split('/').at(-1)}`;
}

/** What told when the data of a dump were taken. */
export const TIMES: Readonly<Record<Imported['timeFrom'], string>> = {
  given: 'as given',
  dump: 'by the dump itself',
  name: 'by its name',
  file: 'by when the file was written',
};

/** What was put over a sealed object, and that it does no harm to a restore. */
export function tamperedWords({ key, what, at }: TamperedLine, zone: string): string {
  return `! TAMPERED: ${what} over ${key} since ${momentText(at, zone)}; it is read as it was sealed`;
}

/** That a backup is kept and could be deleted. */
export function notLockedWords(one: UnlockedLine, zone: string): string {
  return `! NOT LOCKED: ${one.store} ${unlockedWords(one, (iso) => momentText(iso, zone))}`;
}
