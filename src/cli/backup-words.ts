import type { BackupLine } from '../contracts/runs/procedures.js';
import { agoText } from './words.js';

/** How far a backup is proven, in words for a table. */
export function proofWords(one: BackupLine, now = Date.now()): string {
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

/** Until when a mark keeps it; empty without one. */
export function keptWords(one: BackupLine, time: (iso: string) => string): string {
  if (one.kept === undefined) return '';
  return one.kept === 'forever' ? 'kept for ever' : `kept until ${time(one.kept)}`;
}
