import { SteadyError } from '../../contracts/failures.js';
import type { StoreKind } from '../../contracts/stack/stores.js';
import type { DumpLook, KnownDump } from './port.js';

/** What a dump is, by its content. A further kind of store adds its line here and takes it in its own adapter. */
export const DUMP_FORMATS = {
  sql: { kind: 'postgres', words: 'pg_dump, plain SQL' },
  custom: { kind: 'postgres', words: 'pg_dump -Fc' },
  rdb: { kind: 'redis', words: 'RDB' },
  tar: { kind: 'files', words: 'tar' },
} as const satisfies Record<string, { kind: StoreKind; words: string }>;
export type DumpFormat = keyof typeof DUMP_FORMATS;

/** What people call dumps, and why they are not taken. */
const NOT_TAKEN = {
  'an SQL dump of a whole server (pg_dumpall)': (text) => text.includes('PostgreSQL database cluster dump'),
  'a dump of MySQL or MariaDB': (text) => /^(\/\*!|-- (MySQL|MariaDB) dump)/.test(text),
  'an archive of pg_dump -Ft': (text) => isTar(text) && text.startsWith('toc.dat\0'),
} satisfies Record<string, (text: string) => boolean>;

/** At its end, or near it: since 2025 a line of psql's follows. */
const SQL_END = '-- PostgreSQL database dump complete';

const isTar = (text: string): boolean => text.slice(257, 262) === 'ustar';

function formatIn(text: string): DumpFormat | undefined {
  if (text.startsWith('PGDMP')) return 'custom';
  if (/^(REDIS\d{4}|VALKEY\d{3})/.test(text)) return 'rdb';
  if (isTar(text)) return 'tar';
  return /^(--)?\r?\n?-- PostgreSQL database dump\r?\n/.test(text) ? 'sql' : undefined;
}

/** The format of a dump by its beginning. Throws `import.refused` unless this kind of store takes it. */
export function formatOf(kind: StoreKind, head: Buffer): DumpFormat {
  const text = head.toString('latin1');
  const refused = Object.entries(NOT_TAKEN).find(([, is]) => is(text))?.[0];
  const format = refused === undefined ? formatIn(text) : undefined;
  if (format !== undefined && DUMP_FORMATS[format].kind === kind) return format;
  const taken = Object.values(DUMP_FORMATS).flatMap((one) => (one.kind === kind ? [one.words] : []));
  const found = refused ?? (format === undefined ? 'no dump that is known' : DUMP_FORMATS[format].words);
  throw new SteadyError('import.refused', { found, takes: taken.join('; ') });
}

/** The same in words, for one that is whole. Throws `import.damaged` when it is empty or its end is missing. */
export function recogniseDump(kind: StoreKind, { head, tail, rawBytes }: DumpLook): KnownDump {
  if (rawBytes === 0) throw new SteadyError('import.damaged', { says: 'it is empty' });
  const format = formatOf(kind, head);
  if (format === 'sql' && !tail.includes(SQL_END))
    throw new SteadyError('import.damaged', { says: `its last words are missing: ${SQL_END}` });
  return { format: DUMP_FORMATS[format].words };
}
