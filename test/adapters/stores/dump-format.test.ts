import { describe, expect, it } from 'vitest';
import { recogniseDump } from '../../../src/adapters/stores/dump-format.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import type { StoreKind } from '../../../src/contracts/stack/stores.js';

const SQL = '--\n-- PostgreSQL database dump\n--\n\n\\restrict x\n';
const END = '--\n-- PostgreSQL database dump complete\n--\n\n\\unrestrict x\n';

function said(kind: StoreKind, text: string, tail = text): string {
  const [head, last] = [Buffer.from(text, 'latin1'), Buffer.from(tail, 'latin1')];
  try {
    return recogniseDump(kind, { file: '/srv/a', head, tail: last, rawBytes: head.length }).format;
  } catch (error) {
    if (!(error instanceof SteadyError)) throw error;
    return `${error.code} ${String(error.facts['found'] ?? error.facts['says'])}`;
  }
}
const tar = (name: string): string => `${name.padEnd(257, '\0')}ustar  \0`;

describe('a dump is known by its content', () => {
  it.each([
    ['postgres', SQL + END, 'pg_dump, plain SQL'],
    ['postgres', 'PGDMP\x01\x0e', 'pg_dump -Fc'],
    ['redis', 'REDIS0011', 'RDB'],
    ['redis', 'VALKEY080', 'RDB'],
    ['files', tar('./'), 'tar'],
    ['postgres', SQL, 'import.damaged its last words are missing: -- PostgreSQL database dump complete'],
    ['postgres', '', 'import.damaged it is empty'],
    ['postgres', 'REDIS0011', 'import.refused RDB'],
    ['redis', tar('dump.rdb'), 'import.refused tar'],
    ['files', SQL + END, 'import.refused pg_dump, plain SQL'],
    ['files', tar('toc.dat'), 'import.refused an archive of pg_dump -Ft'],
    ['postgres', '-- MySQL dump 10.13', 'import.refused a dump of MySQL or MariaDB'],
    ['postgres', 'SELECT 1;', 'import.refused no dump that is known'],
    [
      'postgres',
      '--\n-- PostgreSQL database cluster dump\n--\n',
      'import.refused an SQL dump of a whole server (pg_dumpall)',
    ],
  ] as const)('for a store of %s: %j is %s', (kind, text, words) => {
    expect(said(kind, text)).toBe(words);
  });
});
