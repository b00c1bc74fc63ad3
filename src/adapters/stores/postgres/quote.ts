/**
 * Quoting for SQL, psql patterns, conninfo strings and the shell. Pure; each is the inverse of what the other side
 * parses, which the tests hold with random names against a real server.
 */

/** An SQL identifier. Non-ASCII goes as `U&"…"`, so the text is the same in every client encoding (manual, 4.1.1). */
export function quoteIdentifier(name: string): string {
  if (isAscii(name)) return plainIdentifier(name);
  const escaped = [...name.replaceAll('"', '""')].map((character) => {
    const code = character.codePointAt(0) ?? 0;
    if (character === '\\') return '\\\\';
    if (code < 0x80) return character;
    return code <= 0xffff ? `\\${hex(code, 4)}` : `\\+${hex(code, 6)}`;
  });
  return `U&"${escaped.join('')}"`;
}

/** The same without U&, for psql's own commands, which take that for a word: in the session's encoding. */
export function plainIdentifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export function isAscii(name: string): boolean {
  return /^[\u0001-\u007f]*$/.test(name);
}

export function quoteQualified(schema: string, name: string): string {
  return `${quoteIdentifier(schema)}.${quoteIdentifier(name)}`;
}

/** An SQL string, for sessions with standard_conforming_strings on. */
export function quoteLiteral(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

/** A pattern of pg_dump that means exactly this table: everything inside double quotes is literal. */
export function tablePattern(schema: string, name: string): string {
  return [schema, name].map((part) => `"${part.replaceAll('"', '""')}"`).join('.');
}

/** A conninfo string that names a database, for tools that would take `a=b` as a whole conninfo. */
export function conninfo(database: string): string {
  return `dbname='${database.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}

/** A word for a POSIX shell. */
export function quoteShell(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", `'\\''`)}'`;
}

function hex(code: number, digits: number): string {
  return code.toString(16).padStart(digits, '0');
}
