import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addRolesSql, compareRoles } from '../../../../src/adapters/stores/postgres/add-roles.js';
import { factDifferences } from '../../../../src/adapters/stores/postgres/compare.js';
import { copyInSql, copyOut, planCopies } from '../../../../src/adapters/stores/postgres/copy-plan.js';
import { databaseNames, suffixed } from '../../../../src/adapters/stores/postgres/database-names.js';
import { parseDf } from '../../../../src/adapters/stores/postgres/free-space.js';
import {
  ownComment,
  plainComment,
  readOwnComment,
} from '../../../../src/adapters/stores/postgres/ownership.js';
import { connectFailure, codeOfSqlstate } from '../../../../src/adapters/stores/postgres/sql-failure.js';
import type { Table } from '../../../../src/adapters/stores/postgres/tables.js';
import { serverVersion, toolVersion } from '../../../../src/adapters/stores/postgres/versions.js';
import { beside, into } from './rig.js';

const MiB = 2 ** 20;
const tuning = { bigTable: 64 * MiB, range: 256 * MiB };
const table = (given: Partial<Table>): Table => ({
  oid: 1,
  schema: 'public',
  name: 't',
  label: 'public.t',
  partitioned: false,
  heap: true,
  bytes: 0,
  pages: 0,
  columns: ['id'],
  binary: false,
  member: false,
  condition: null,
  ...given,
});
const both = { ranges: true, anyName: true };

describe('the plan of copies', () => {
  it('takes tables over 64 MiB apart, in ranges of 256 MiB, and never more than 64', () => {
    const sizes = [64 * MiB, 65 * MiB, 600 * MiB, 100 * 1024 * MiB];
    const plan = sizes.map(
      (bytes) => planCopies([table({ bytes, pages: bytes / 8192 })], tuning, both)[0]?.streams.length ?? 0,
    );
    expect(plan).toEqual([0, 1, 3, 64]);
  });

  it('leaves to pg_dump what has no rows of its own, other storage, or an extension’s conditions', () => {
    const bytes = 65 * MiB;
    const left = [
      table({ bytes, partitioned: true }),
      table({ bytes, heap: false }),
      table({ bytes, member: true }),
      table({ bytes, columns: [] }),
      table({ bytes, columns: ['two\nlines'] }),
    ];
    expect(planCopies(left, tuning, both)).toEqual([]);
    expect(planCopies([table({ bytes, name: 'é' })], tuning, { ranges: true, anyName: false })).toEqual([]);
  });

  it('covers every page once', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e7 }), fc.integer({ min: 1, max: 1e12 }), (pages, bytes) => {
        const streams =
          planCopies([table({ bytes: bytes + tuning.bigTable, pages })], tuning, both)[0]?.streams ?? [];
        expect(streams[0]?.fromPage).toBeUndefined();
        expect(streams.at(-1)?.toPage).toBeUndefined();
        streams.slice(1).forEach((stream, i) => expect(stream.fromPage).toBe(streams[i]?.toPage));
        const edges = streams.slice(1).map((stream) => stream.fromPage ?? 0);
        expect([...edges].sort((a, b) => a - b)).toEqual(edges);
      }),
    );
  });

  it('is COPY of the stored columns', () => {
    const [plan] = planCopies(
      [table({ bytes: 600 * MiB, pages: 300, columns: ['id', 'Odd "one"'] })],
      tuning,
      both,
    );
    expect(plan?.streams.map((stream) => copyOut(plan, stream))).toEqual(
      [
        `(SELECT "id", "Odd ""one""" FROM ONLY "public"."t" WHERE ctid < '(100,0)'::tid)`,
        `(SELECT "id", "Odd ""one""" FROM ONLY "public"."t" WHERE ctid >= '(100,0)'::tid AND ctid < '(200,0)'::tid)`,
        `(SELECT "id", "Odd ""one""" FROM ONLY "public"."t" WHERE ctid >= '(200,0)'::tid)`,
      ].map((what) => ({ what, options: '' })),
    );
    expect(plan && copyInSql(plan)).toBe('COPY "public"."t" ("id", "Odd ""one""") FROM STDIN');
    // A worker of before binary forms refuses a plan that names them.
    expect(Object.keys(plan ?? {})).not.toContain('binary');
  });

  it('is COPY in binary form where all types allow it', () => {
    const [plan] = planCopies([table({ bytes: 65 * MiB, pages: 1, binary: true })], tuning, both);
    expect(plan?.streams.map((stream) => copyOut(plan, stream))).toEqual([
      { what: '"public"."t" ("id")', options: '(FORMAT binary)' },
    ]);
    expect(plan && copyInSql(plan)).toBe('COPY "public"."t" ("id") FROM STDIN (FORMAT binary)');
  });
});

describe('names of databases', () => {
  it('say what they are', () => {
    expect(databaseNames('rag', beside('k7q2m9xd'))).toMatchObject({
      fresh: 'rag_new_k7q2m9xd',
      old: 'rag_old_20261122_k7q2m9xd',
      undone: 'rag_undone_k7q2m9xd',
    });
    expect(databaseNames('rag', into('copy')).fresh).toBe('copy');
  });

  it('fit into 63 bytes and keep their ending', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', maxLength: 63 }), (name) => {
        const long = suffixed(name, '_old_20261122_k7q2m9xd');
        expect(Buffer.byteLength(long)).toBeLessThanOrEqual(63);
        expect(long.endsWith('_old_20261122_k7q2m9xd')).toBe(true);
        expect(Buffer.from(long).toString('utf8')).toBe(long);
      }),
    );
  });
});

describe('a comment that marks a database as ours', () => {
  it('is known by its token and gives the database’s own comment back', () => {
    const comment = ownComment('kept', 'k7q2m9xd', { comment: 'mine\n{x}' });
    expect(readOwnComment(comment, 'k7q2m9xd')).toEqual({ state: 'kept', kept: { comment: 'mine\n{x}' } });
    expect(readOwnComment(comment, 'other123')).toBeUndefined();
    expect(plainComment(comment)).toBe('mine\n{x}');
    expect(plainComment('steadyhand is nice')).toBe('steadyhand is nice');
    expect(readOwnComment('steadyhand kept k7q2m9xd {broken}', 'k7q2m9xd')).toBeUndefined();
  });
});

describe('roles', () => {
  const role = (name: string, given = {}) => ({
    name,
    superuser: false,
    inherit: true,
    createRole: false,
    createDatabase: false,
    login: true,
    replication: false,
    bypassRls: false,
    connectionLimit: -1,
    validUntil: null,
    config: null,
    memberOf: [],
    comment: null,
    ...given,
  });

  it('are added where missing, and only there', () => {
    const backup = [
      role('app', { memberOf: [{ role: 'staff', admin: false }], config: ['work_mem=1MB'] }),
      role('staff', { login: false }),
    ];
    expect(addRolesSql(backup, [role('staff', { superuser: true })])).toEqual([
      'CREATE ROLE "app" WITH NOSUPERUSER INHERIT NOCREATEROLE NOCREATEDB LOGIN NOREPLICATION NOBYPASSRLS CONNECTION LIMIT -1',
      'GRANT "staff" TO "app"',
      `ALTER ROLE "app" SET "work_mem" TO '1MB'`,
    ]);
  });

  it('that differ are named with what the backup has', () => {
    const backup = [role('app', { createDatabase: true, memberOf: [{ role: 'staff', admin: false }] })];
    expect(compareRoles(backup, [role('app')])).toEqual({
      missing: [],
      differing: [
        'role app differs from the backup and is left as it is; the backup has CREATEDB, member of staff',
      ],
    });
  });
});

describe('answers of tools and servers', () => {
  it('gives the version of a tool', () => {
    expect(toolVersion('pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)')).toEqual({
      version: '15.18',
      major: 15,
    });
    expect(toolVersion('postgres (PostgreSQL) 19beta1')).toEqual({ version: '19beta1', major: 19 });
    expect(toolVersion('GNU tar')).toBeUndefined();
  });

  it('refuses a server it does not know', () => {
    expect(serverVersion(150018, '15.18')).toEqual({ version: '15.18', major: 15 });
    expect(() => serverVersion(120001, '12.1')).toThrow(
      'the store is of an unsupported version [product=PostgreSQL version=12.1 known=13-19]',
    );
    expect(() => serverVersion(200000, '20.0')).toThrow('unsupported');
  });

  it('reads df', () => {
    expect(
      parseDf('Filesystem 1024-blocks Used Available Capacity Mounted on\n/dev/vda 100 40 60 40% /\n'),
    ).toBe(61_440);
    expect(parseDf('df: nothing')).toBeUndefined();
  });

  it('names a failure by its SQLSTATE, and one without by whether the server accepts connections', () => {
    expect(['55P03', '42501', '28P01', '53100', '57P01', '08006', '42601'].map(codeOfSqlstate)).toEqual([
      'store.locked',
      'store.denied',
      'store.denied',
      'store.no-room',
      'store.unreachable',
      'store.unreachable',
      'tool.failed',
    ]);
    const code = (words: string, accepting: boolean) => connectFailure(words, accepting, 'db').code;
    // Killed: that a server accepts others is no refusal of this one.
    expect(code('', true)).toBe('store.unreachable');
    expect(code('FATAL:  password authentication failed', true)).toBe('store.denied');
    expect(code('FATAL:  sorry, too many clients already', true)).toBe('store.unreachable');
    expect(code('Connection refused', false)).toBe('store.unreachable');
    expect(code('FATAL:  unsupported startup parameter: options', true)).toBe('store.pooler');
  });

  it('tells what differs between a backup and what was loaded', () => {
    const facts = (counts: Record<string, number>, names = {}) => ({
      counts,
      atMost: {},
      digests: {},
      names,
    });
    expect(factDifferences(facts({ a: 1, b: 2 }, { extensions: ['hstore'] }), facts({ a: 2, c: 3 }))).toEqual(
      ['a has 2 instead of 1', 'b is missing', 'c is not in the backup', 'hstore of extensions is missing'],
    );
  });
});
