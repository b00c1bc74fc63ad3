import { quoteIdentifier, quoteLiteral } from './quote.js';

/**
 * Parameters whose stored value is a list of already quoted names (GUC_LIST_QUOTE; pg_dump keeps the same list in
 * variable_is_guc_list_quote): as one literal they would become a single strange name.
 */
const LISTS = new Set([
  'local_preload_libraries',
  'search_path',
  'session_preload_libraries',
  'shared_preload_libraries',
  'temp_tablespaces',
  'unix_socket_directories',
]);

/** `SET name TO value` of a stored `name=value`, for ALTER ROLE and ALTER DATABASE. */
export function settingSql(setting: string): string {
  const at = setting.indexOf('=');
  const name = setting.slice(0, at);
  const value = setting.slice(at + 1);
  const quoted = name.split('.').map(quoteIdentifier).join('.');
  if (!LISTS.has(name.toLowerCase())) return `SET ${quoted} TO ${quoteLiteral(value)}`;
  const names = splitNames(value);
  return `SET ${quoted} TO ${names.length === 0 ? "''" : names.map(quoteLiteral).join(', ')}`;
}

/** The names of a stored list such as `"$user", public`. */
export function splitNames(list: string): string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^,\s"][^,"]*)/g)].map(([, quoted, plain]) =>
    quoted === undefined ? (plain ?? '').trim() : quoted.replaceAll('""', '"'),
  );
}
