import type { Secret } from '../../../contracts/secret.js';
import type { PostgresStoreConfig } from '../../../contracts/stack/stores.js';
import { cutToName } from './database-names.js';
import { tlsEnvironment } from './tls.js';

const CONNECT_SECONDS = 10;

interface Connects {
  readonly config: PostgresStoreConfig;
  readonly password?: Secret | undefined;
}

/**
 * libpq's environment (manual, 34.15): it works for every tool and keeps the password out of argv. Inside a service's
 * container the server is asked by its local socket unless a host is given.
 */
export function connectionEnvironment(
  { config, password }: Connects,
  { marker }: { readonly marker: string },
  database: string,
): { env: Record<string, string>; secrets: Record<string, Secret> } {
  const host = config.host ?? (config.service === undefined ? '127.0.0.1' : undefined);
  return {
    env: {
      ...(host === undefined ? {} : { PGHOST: host }),
      PGPORT: String(config.port),
      PGUSER: config.user,
      PGDATABASE: database,
      PGAPPNAME: cutToName(marker),
      PGCONNECT_TIMEOUT: String(CONNECT_SECONDS),
      ...tlsEnvironment(config),
      // Poolers refuse `options`; sessions set what they need by SQL.
      PGOPTIONS: '',
      LC_ALL: 'C',
    },
    secrets: password === undefined ? {} : { PGPASSWORD: password },
  };
}

/**
 * For tools that read or write rows: `money` is text of the server's own form, which another server takes for another
 * amount. pg_dump does not set it.
 */
export const MONEY_ALIKE = '-c lc_monetary=C';

/** Settings of every session: none may wait for ever, and values print alike on every server (as pg_dump sets them). */
export function sessionSettings(config: PostgresStoreConfig): Record<string, string> {
  return {
    lock_timeout: `${config.lockTimeout}s`,
    statement_timeout: '0',
    idle_in_transaction_session_timeout: '0',
    idle_session_timeout: '0',
    transaction_timeout: '0',
    client_encoding: 'UTF8',
    search_path: 'pg_catalog',
    standard_conforming_strings: 'on',
    row_security: 'off',
    synchronize_seqscans: 'off',
    DateStyle: 'ISO, YMD',
    IntervalStyle: 'postgres',
    TimeZone: 'UTC',
    bytea_output: 'hex',
    extra_float_digits: '3',
    lc_monetary: 'C',
    default_transaction_read_only: 'off',
  };
}
