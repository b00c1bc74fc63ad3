import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  conninfo,
  quoteIdentifier,
  quoteLiteral,
  quoteShell,
  tablePattern,
} from '../../../../src/adapters/stores/postgres/quote.js';
import { settingSql, splitNames } from '../../../../src/adapters/stores/postgres/settings.js';

describe('quoting', () => {
  it('quotes names so that case, dots, spaces and quotes stay', () => {
    expect(quoteIdentifier('Table')).toBe('"Table"');
    expect(quoteIdentifier('a"b.c d')).toBe('"a""b.c d"');
  });

  it('writes names that are not ASCII in a form that holds in every client encoding', () => {
    expect(quoteIdentifier('é\\"x')).toBe('U&"\\00e9\\\\""x"');
    expect(quoteIdentifier('🦊')).toBe('U&"\\+01f98a"');
  });

  it('quotes values, patterns, conninfo and shell words', () => {
    expect(quoteLiteral("it's \\ x")).toBe("'it''s \\ x'");
    expect(tablePattern('a.b', 'c"*?')).toBe('"a.b"."c""*?"');
    expect(conninfo("o'db\\ = x")).toBe("dbname='o\\'db\\\\ = x'");
    expect(quoteShell('plain/word-1.0')).toBe('plain/word-1.0');
    expect(quoteShell("it's $HOME")).toBe(`'it'\\''s $HOME'`);
  });

  it('never lets a quote end early', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (text) => {
        expect(quoteLiteral(text).slice(1, -1).replaceAll("''", '')).not.toContain("'");
        expect(quoteIdentifier(text).replace(/^U&/, '').slice(1, -1).replaceAll('""', '')).not.toContain('"');
      }),
    );
  });
});

describe('a stored setting', () => {
  it('is one value, except for lists of names', () => {
    expect(settingSql('work_mem=8MB')).toBe(`SET "work_mem" TO '8MB'`);
    expect(settingSql('my.odd=a=b, c')).toBe(`SET "my"."odd" TO 'a=b, c'`);
    expect(settingSql('search_path="$user", "odd, name", public')).toBe(
      `SET "search_path" TO '$user', 'odd, name', 'public'`,
    );
    expect(settingSql('search_path=""')).toBe(`SET "search_path" TO ''`);
  });

  it('gives back the names it was made of', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ minLength: 1 }), { minLength: 1 }), (names) => {
        expect(splitNames(names.map((name) => `"${name.replaceAll('"', '""')}"`).join(', '))).toEqual(names);
      }),
    );
  });
});
