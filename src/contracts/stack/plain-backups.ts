import type { Stack } from './stack.js';

/** What it means that backups are not encrypted, as a warning says it. */
export function plainBackups({ stores }: Pick<Stack, 'stores'>): string {
  // Roles of PostgreSQL, users of Redis.
  const servers = Object.values(stores).some((store) => store.postgres ?? store.redis);
  return `backups are not encrypted, and ${servers ? 'they hold password hashes' : 'whoever reads storage reads your files'}`;
}
