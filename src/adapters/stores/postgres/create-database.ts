import type { DatabaseFacts } from './detail.js';
import { quoteIdentifier, quoteLiteral } from './quote.js';

export interface CreateDatabaseOptions {
  readonly name: string;
  readonly owner: string;
  /** Encoding, locale and provider to take over. */
  readonly like: DatabaseFacts;
  /** Of the server it is made on. */
  readonly major: number;
  /** Left out: the server's default. */
  readonly tablespace?: string | undefined;
}

/** CREATE DATABASE from template0, the only template that takes any encoding and locale (manual, 23.3). */
export function createDatabaseSql(options: CreateDatabaseOptions): string {
  const { like, major } = options;
  const parts = [
    `CREATE DATABASE ${quoteIdentifier(options.name)} TEMPLATE template0`,
    `OWNER ${quoteIdentifier(options.owner)}`,
    `ENCODING ${quoteLiteral(like.encoding)}`,
    `LC_COLLATE ${quoteLiteral(like.collate)}`,
    `LC_CTYPE ${quoteLiteral(like.ctype)}`,
  ];
  if (major >= 15) parts.push(`LOCALE_PROVIDER ${PROVIDERS[like.provider]}`);
  if (like.provider === 'i' && like.locale !== null) parts.push(`ICU_LOCALE ${quoteLiteral(like.locale)}`);
  if (like.provider === 'i' && like.icuRules !== null) parts.push(`ICU_RULES ${quoteLiteral(like.icuRules)}`);
  if (like.provider === 'b' && like.locale !== null)
    parts.push(`BUILTIN_LOCALE ${quoteLiteral(like.locale)}`);
  if (options.tablespace !== undefined) parts.push(`TABLESPACE ${quoteIdentifier(options.tablespace)}`);
  return parts.join(' ');
}

const PROVIDERS = { c: 'libc', i: 'icu', b: 'builtin' } as const;
