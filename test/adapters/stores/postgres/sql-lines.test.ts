import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { rolesIn, sqlLines } from '../../../../src/adapters/stores/postgres/sql-lines.js';

describe('a script of pg_dump', () => {
  it('is read without the rows of its COPYs, however it comes in chunks', async () => {
    const script =
      'CREATE TABLE t (a text);\nCOPY public.t (a) FROM stdin;\nALTER TABLE t OWNER TO row;\n\\N\n\\\\.\n\\.\nGRANT ALL ON t TO ü;\n';
    for (const size of [1, 7, 1000]) {
      const bytes = Buffer.from(script);
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const lines: string[] = [];
      for await (const line of sqlLines(Readable.from(chunks))) lines.push(line);
      expect(lines).toEqual([
        'CREATE TABLE t (a text);',
        'COPY public.t (a) FROM stdin;',
        'GRANT ALL ON t TO ü;',
      ]);
    }
  });

  it.each([
    ['ALTER TABLE public.x OWNER TO coreagent;', ['coreagent']],
    ['ALTER FUNCTION f(a text) OWNER TO "the ""clerk""";', ['the "clerk"']],
    ['GRANT SELECT ON TABLE public."TO x" TO clerk WITH GRANT OPTION;', ['clerk']],
    ['REVOKE USAGE ON SCHEMA public FROM PUBLIC;', []],
    ['GRANT pg_read_all_data TO ana;', ['ana']],
    ['ALTER DEFAULT PRIVILEGES FOR ROLE ana IN SCHEMA public GRANT SELECT ON TABLES TO ben;', ['ben', 'ana']],
    ['CREATE POLICY p ON public.t FOR SELECT TO ana, "b c" USING ((a = 1));', ['ana', 'b c']],
    ['SET SESSION AUTHORIZATION ana;', ['ana']],
    ['INSERT INTO t VALUES (1);', []],
  ])('names in %s the roles %j', (line, roles) => {
    expect(rolesIn(line)).toEqual(roles);
  });
});
