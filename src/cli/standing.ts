import type { StoreStanding } from '../contracts/runs/lines.js';
import { promisedRpo, type Stack } from '../contracts/stack/stack.js';
import { agoText, secondsText } from './words.js';

export interface AgainstRpo {
  readonly ok: boolean;
  readonly ageSeconds?: number;
  readonly rpoSeconds?: number;
}

/** The strictest RPO any plan promises for the store, against the age of its newest verified backup. */
export function againstRpo(stack: Stack, one: StoreStanding, now: number): AgainstRpo {
  if (one.error) return { ok: false };
  const ageSeconds =
    one.newestVerified === undefined ? undefined : (now - Date.parse(one.newestVerified.at)) / 1000;
  const age = ageSeconds === undefined ? {} : { ageSeconds };
  const rpoSeconds = promisedRpo(stack, one.store);
  if (rpoSeconds === undefined) return { ok: true, ...age };
  return { ok: ageSeconds !== undefined && ageSeconds <= rpoSeconds, rpoSeconds, ...age };
}

/** A row of the morning look: sign, store, age against RPO, what is worth knowing of the newest, how many. */
export function standingRow(one: StoreStanding & AgainstRpo, now: number): string[] {
  const age = one.newestVerified ? `verified ${agoText(one.newestVerified.at, now)}` : 'NO VERIFIED BACKUP';
  const late = !one.ok && one.newestVerified !== undefined;
  const rpo = one.rpoSeconds === undefined ? 'no plan' : `RPO ${secondsText(one.rpoSeconds)}`;
  return [
    one.ok ? '✓' : '✗',
    one.store,
    one.error ? '' : age,
    one.error ? '' : late ? `${rpo} MISSED` : rpo,
    one.error?.message ?? newestWords(one, now),
    one.error ? '' : `${one.backups} kept`,
  ];
}

function newestWords({ newest, newestVerified }: StoreStanding, now: number): string {
  if (newest === undefined) return 'no backup yet';
  if (newest.id === newestVerified?.id) return newestVerified.proven;
  const which = `newest, ${agoText(newest.at, now)}:`;
  if (newest.failedProof) return `${which} PROOF FAILED`;
  if (newest.suspect) return `${which} suspect`;
  return `${which} ${newest.proven ?? 'stored'}, not proven${newest.proven === undefined || newest.proven === 'stored' ? '' : ' deep enough'}`;
}
