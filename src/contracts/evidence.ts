import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import { recordSchema, type EvidenceRecord } from './stored/others.js';

/** A record as storage holds it: the hash of the next one is over these bytes, not over what they mean. */
export interface StoredRecord {
  readonly key: string;
  readonly bytes: Uint8Array;
}

/** Where a chain breaks. */
export interface ChainBreak {
  /** The number that was expected there. */
  readonly number: number;
  readonly key: string;
  readonly why: string;
}

export interface ChainVerdict {
  /** The last record that holds. */
  readonly head?: { readonly number: number; readonly sha256: string } | undefined;
  /** Records up to the break, or all. */
  readonly records: readonly EvidenceRecord[];
  readonly broken?: ChainBreak | undefined;
}

/**
 * Walks a chain of records from the first: numbers without a gap, each `previous` the SHA-256 of the stored bytes of the
 * record before. Pure. What is missing at its end only a head noted elsewhere can tell.
 *
 * @param records in order of their keys
 */
export function verifyChain(records: Iterable<StoredRecord>): ChainVerdict {
  const whole: EvidenceRecord[] = [];
  let head: ChainVerdict['head'];
  for (const { key, bytes } of records) {
    const number = (head?.number ?? 0) + 1;
    const broken = (why: string): ChainVerdict => ({ head, records: whole, broken: { number, key, why } });
    const named = Number(/(\d{10})\.json$/.exec(key)?.[1] ?? Number.NaN);
    if (Number.isNaN(named)) return broken('not the name of a record');
    if (named > number)
      return broken(
        named === number + 1
          ? `record ${number} is missing`
          : `records ${number} to ${named - 1} are missing`,
      );
    const record = parseRecord(bytes);
    if (typeof record === 'string') return broken(record);
    if (record.number !== named) return broken(`it says it is number ${record.number}`);
    if (record.previous !== (head?.sha256 ?? null)) return broken(chainWords(record.previous, head?.sha256));
    whole.push(record);
    head = { number, sha256: bytesToHex(sha256(bytes)) };
  }
  return { head, records: whole };
}

function chainWords(previous: string | null, expected: string | undefined): string {
  if (expected === undefined) return 'the first record names one before it';
  if (previous === null) return 'it names no record before it';
  return `the record before it was changed: its hash is ${expected}, this one names ${previous}`;
}

/** The record, or why it is none. */
function parseRecord(bytes: Uint8Array): EvidenceRecord | string {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    return 'not JSON text';
  }
  const parsed = recordSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  const version = (json as { version?: unknown } | null)?.version;
  if (typeof version === 'number' && version > 1) return `of a newer steadyhand (version ${version})`;
  const issue = parsed.error.issues[0];
  return `not a record: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`.trim();
}
