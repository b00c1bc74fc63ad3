import type { ComposeService } from './compose/service.js';

const ADDRESS =
  /^(?:jdbc:)?postgres(?:ql)?(?:\+\w+)?:\/\/(?:[^@/?#\s]*@)?([^:/?#\s,@]+)(?::\d+)?\/([A-Za-z_][\w-]{0,62})(?:[?#]|$)/;
const NAMES = ['NAME', 'DB', 'DATABASE', 'DBNAME', 'DB_NAME', 'DATABASE_NAME'];

/**
 * Databases of a server that a service's environment names: by an address (`postgresql://u@db:5432/shop`), or by a pair as
 * in `DB_HOST=db`, `DB_NAME=shop`.
 *
 * @param hosts names of the server
 */
export function databasesNamedBy(service: ComposeService, hosts: readonly string[]): string[] {
  const entries = Object.entries(service.environment).filter(([, value]) => value.known);
  const found = entries.flatMap(([key, { text }]) => {
    const [, host = '', database = ''] = ADDRESS.exec(text) ?? [];
    if (hosts.includes(host)) return [database];
    const prefix = /^(.*?)_?HOST(?:NAME)?$/.exec(key)?.[1];
    if (prefix === undefined || !hosts.includes(text.split(':')[0] ?? '')) return [];
    const keys =
      prefix === 'PG' ? ['PGDATABASE'] : NAMES.map((name) => (prefix === '' ? name : `${prefix}_${name}`));
    const value = keys.map((name) => service.environment[name]).find((one) => one?.known === true);
    return value !== undefined && /^[A-Za-z_][\w-]{0,62}$/.test(value.text) ? [value.text] : [];
  });
  return [...new Set(found)];
}
