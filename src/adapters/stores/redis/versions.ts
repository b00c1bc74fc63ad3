import { SteadyError } from '../../../contracts/failures.js';
import { infoFields } from './info.js';

export interface RedisVersion {
  /** `redis` or `valkey`. */
  readonly product: string;
  readonly version: string;
  readonly major: number;
  readonly minor: number;
}

export interface ServerInfo extends RedisVersion {
  readonly role: string;
}

const KNOWN: Record<string, readonly number[]> = { redis: [6, 7, 8], valkey: [7, 8, 9] };

/** Product and version from the text of `INFO`; refuses what is not known (`store.unsupported`). */
export function serverOf(info: string): ServerInfo {
  const fields = infoFields(info);
  const foreign = ['dragonfly_version', 'keydb_version', 'garnet_version'].find((field) => fields.has(field));
  if (foreign !== undefined)
    throw new SteadyError('store.unsupported', { product: foreign.replace('_version', '') });
  const valkey = fields.get('valkey_version');
  const version = valkey ?? fields.get('redis_version');
  if (version === undefined) throw new SteadyError('store.unsupported', { says: 'no redis_version in INFO' });
  const server = versionOf(valkey === undefined ? 'redis' : 'valkey', version);
  if (!KNOWN[server.product]?.includes(server.major)) {
    throw new SteadyError('store.unsupported', {
      product: server.product,
      version,
      supported: KNOWN[server.product]?.join(', '),
    });
  }
  const mode = fields.get('redis_mode') ?? fields.get('server_mode') ?? 'standalone';
  if (mode !== 'standalone') throw new SteadyError('store.unsupported', { mode, supported: 'standalone' });
  return { ...server, role: fields.get('role') ?? 'master' };
}

export function versionOf(product: string, version: string): RedisVersion {
  const [major = 0, minor = 0] = version.split('.').map((part) => Number.parseInt(part, 10));
  return { product, version, major, minor };
}

/** Version from `redis-server --version` (`Redis server v=7.0.15 …`, `Valkey server v=8.1.1 …`). */
export function serverBinaryVersion(text: string): RedisVersion | undefined {
  const m = /^(Redis|Valkey) server v=(\d+\.\d+\.\d+)/m.exec(text);
  return m?.[1] && m[2] ? versionOf(m[1].toLowerCase(), m[2]) : undefined;
}

/**
 * The newest RDB format a server surely reads, from RDB_VERSION in src/rdb.h of the releases: Redis 6.x 9, 7.0 10,
 * 7.2 11, 7.4 and 8.0 12; Valkey 7.2 and 8.x 11, 9.0 80. Later minors read at least that much.
 */
export function newestRdbRead(server: RedisVersion): number {
  if (server.product === 'valkey') return server.major >= 9 ? 80 : 11;
  if (server.major <= 6) return 9;
  if (server.major === 7) return server.minor >= 4 ? 12 : server.minor >= 2 ? 11 : 10;
  return 12;
}

/** Whether a server reads an RDB of this format, written by that server. Valkey from 9 on writes a format of its own. */
export function readsRdb(server: RedisVersion, rdbVersion: number, writer?: RedisVersion): boolean {
  const sameProduct = writer !== undefined && writer.product === server.product;
  if (sameProduct && (server.major - writer.major || server.minor - writer.minor) >= 0) return true;
  if (rdbVersion >= 80) return server.product === 'valkey' && server.major >= 9;
  // Formats from 12 on are Redis' own: no Valkey reads them.
  if (server.product === 'valkey') return rdbVersion <= 11;
  return rdbVersion <= newestRdbRead(server);
}

/** @throws `store.too-new` when the server cannot read the backup. */
export function assertReadsRdb(server: RedisVersion, rdbVersion: number, writer: RedisVersion): void {
  if (readsRdb(server, rdbVersion, writer)) return;
  throw new SteadyError('store.too-new', {
    backup: `${writer.product} ${writer.version}`,
    'rdb-version': rdbVersion,
    server: `${server.product} ${server.version}`,
  });
}
