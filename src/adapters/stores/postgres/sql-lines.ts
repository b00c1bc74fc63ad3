const NEWLINE = 0x0a;
/** Longer ones are rows: statements that name roles are short. */
const LONGEST = 64 * 1024;

/** The lines of a script as pg_dump writes it, without the rows of its COPYs and what is longer than 64 KiB. */
export async function* sqlLines(source: AsyncIterable<Buffer>): AsyncGenerator<string, void> {
  let rest: Buffer = Buffer.alloc(0);
  let copying = false;
  for await (const chunk of source) {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, at)) {
      const bytes = data.subarray(at, end);
      at = end + 1;
      if (copying) copying = !(bytes.length === 2 && bytes.toString() === '\\.');
      else if (bytes.length <= LONGEST) {
        const line = bytes.toString('utf8');
        copying = /^COPY .* FROM stdin;$/.test(line);
        yield line;
      }
    }
    rest = data.subarray(at);
  }
}

const NAME = String.raw`(?:"(?:[^"]|"")+"|[A-Za-z_\u0080-\uffff][\w$\u0080-\uffff]*)`;
const LIST = `(${NAME}(?:, ${NAME})*)`;
/** How pg_dump names roles: owners, grants, default privileges, policies, user mappings. */
const ROLES = [
  `\\bOWNER TO ${LIST};$`,
  `^(?:GRANT|REVOKE|ALTER DEFAULT PRIVILEGES) .* (?:TO|FROM) ${LIST}(?: WITH GRANT OPTION)?;$`,
  `^ALTER DEFAULT PRIVILEGES FOR ROLE ${LIST} `,
  `^CREATE POLICY .* TO ${LIST}(?: USING | WITH CHECK |;)`,
  `^SET SESSION AUTHORIZATION '?${LIST}'?;$`,
  `^CREATE USER MAPPING FOR ${LIST} `,
].map((pattern) => new RegExp(pattern, 'u'));
const NO_ROLES = ['public', 'current_user', 'current_role', 'session_user', 'default'];

/** Roles that a line of pg_dump's names, unquoted; the built-in ones left out. */
export function rolesIn(line: string): string[] {
  return ROLES.flatMap((pattern) => {
    const list = pattern.exec(line)?.[1] ?? '';
    return (list.match(new RegExp(NAME, 'gu')) ?? [])
      .filter((name) => !NO_ROLES.includes(name.toLowerCase()))
      .map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name))
      .filter((name) => !name.startsWith('pg_'));
  });
}
