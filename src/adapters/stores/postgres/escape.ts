import { MONEY_ALIKE } from './connection.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import { copyInSql } from './copy-plan.js';
import { readDetail, type DatabaseFacts } from './detail.js';
import { conninfo, quoteLiteral, quoteShell } from './quote.js';
import { writtenBy } from './versions.js';

/**
 * Shell commands that restore this backup with createdb, psql and pg_restore. libpq's environment (PGHOST, PGUSER…) says
 * where; `DB` is the new database.
 *
 * @param cat gives the shell fragment that prints a stream, raw
 */
export function escape(manifest: Omit<Manifest, 'restore'>, cat: (stream: string) => string): string[] {
  const detail = readDetail(manifest);
  const { database } = detail;
  // pg_restore 17 and newer set a parameter at the head of its script that servers before 17 do not have.
  const newer = writtenBy(manifest) >= 17 && manifest.server.major < 17;
  const restore = (section: string): string =>
    newer
      ? `${cat(section)} | pg_restore -f - | sed '1,50{/^SET transaction_timeout = 0;$/d}' | psql -X -q -v ON_ERROR_STOP=1 -d "$DB"`
      : `${cat(section)} | pg_restore --exit-on-error -d "$DB"`;
  const rows = detail.big.flatMap((table) =>
    table.streams.map(({ stream }) => {
      const encoding = `SET client_encoding TO ${quoteLiteral(database.encoding)}`;
      return `${cat(stream)} | psql -X -q -v ON_ERROR_STOP=1 -d "$DB" -c ${quoteShell(encoding)} -c ${quoteShell(copyInSql(table))}`;
    }),
  );
  return [
    `# PostgreSQL ${manifest.server.version}; needs client tools of ${manifest.tools['pg_dump'] ?? manifest.server.version} or newer. Set PGHOST, PGPORT, PGUSER and PGPASSWORD first.`,
    'set -eu',
    `export PGOPTIONS=${quoteShell(MONEY_ALIKE)}`,
    `DB=${quoteShell(conninfo(`${database.name}_restored`))}`,
    '# Roles that are not there; those that are keep their passwords and rights.',
    `HAVE="$(psql -X -At -d postgres -c 'SELECT quote_ident(rolname) FROM pg_roles')"`,
    'export HAVE',
    `${cat('globals')} | awk ${quoteShell(WITHOUT_KNOWN_ROLES)} | psql -X -q -d postgres`,
    createdb(database),
    restore('pre-data'),
    restore('data'),
    ...rows,
    restore('post-data'),
    'psql -X -q -d "$DB" -c ANALYZE',
  ];
}

/** Leaves out statements on roles whose names, one a line and quoted as SQL, are in HAVE. For any POSIX awk. */
const WITHOUT_KNOWN_ROLES = [
  'BEGIN { n = split(ENVIRON["HAVE"], a, "\\n"); for (i = 1; i <= n; i++) have[a[i]] = 1 }',
  'match($0, /^(CREATE|ALTER) ROLE ("([^"]|"")*"|[^ ;]+)/) {',
  'name = substr($0, RSTART, RLENGTH); sub(/^(CREATE|ALTER) ROLE /, "", name); if (name in have) next }',
  'match($0, /^GRANT .* TO ("([^"]|"")*"|[^ ;]+)/) {',
  'name = substr($0, RSTART, RLENGTH); sub(/^GRANT .* TO /, "", name); if (name in have) next }',
  '{ print }',
].join(' ');

function createdb(database: DatabaseFacts): string {
  const args = [
    '-T',
    'template0',
    '-O',
    database.owner,
    '-E',
    database.encoding,
    `--lc-collate=${database.collate}`,
    `--lc-ctype=${database.ctype}`,
  ];
  if (database.provider === 'i') args.push('--locale-provider=icu', `--icu-locale=${database.locale ?? ''}`);
  if (database.provider === 'i' && database.icuRules !== null) args.push(`--icu-rules=${database.icuRules}`);
  if (database.provider === 'b')
    args.push('--locale-provider=builtin', `--builtin-locale=${database.locale ?? ''}`);
  return ['createdb', ...args, '--maintenance-db=postgres', '--', `${database.name}_restored`]
    .map(quoteShell)
    .join(' ');
}
