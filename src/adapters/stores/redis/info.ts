/** Fields of an `INFO` answer by name. */
export function infoFields(info: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (const line of info.split('\n')) {
    const colon = line.indexOf(':');
    if (colon > 0 && !line.startsWith('#')) fields.set(line.slice(0, colon), line.slice(colon + 1).trimEnd());
  }
  return fields;
}

/**
 * Bytes that the data of a server take in its memory, without what it needs besides; an RDB of them is rarely larger.
 * Undefined when it does not tell.
 */
export function dataBytes(info: ReadonlyMap<string, string>): number | undefined {
  const used = Number(info.get('used_memory'));
  const data = Number(info.get('used_memory_dataset') ?? used);
  // Redis 8 with next to no data tells a negative number without its sign: 2^64 less a little.
  const bytes = data > used ? used : data;
  return Number.isFinite(bytes) ? bytes : undefined;
}

export interface Keyspace {
  readonly keys: number;
  readonly expires: number;
  /** Hashes with fields that expire (Redis 7.4 and newer): such a key may vanish without an expiry of its own. */
  readonly subexpiry: number;
}

/** Databases that hold keys, from `INFO keyspace` (`db0:keys=3,expires=1,avg_ttl=0,subexpiry=0`). */
export function keyspaceOf(info: string): Map<string, Keyspace> {
  const databases = new Map<string, Keyspace>();
  for (const [name, value] of infoFields(info)) {
    if (!/^db\d+$/.test(name)) continue;
    const parts = new Map(value.split(',').map((part) => part.split('=') as [string, string]));
    const number = (part: string): number => Number(parts.get(part) ?? 0);
    // Valkey 9 tells the same as keys_with_volatile_items.
    const subexpiry = number('subexpiry') || number('keys_with_volatile_items');
    databases.set(name, { keys: number('keys'), expires: number('expires'), subexpiry });
  }
  return databases;
}

/** Pairs of a `CONFIG GET` answer as redis-cli prints it in a pipe: a line for the name, a line for the value. */
export function configOf(text: string): Map<string, string> {
  const lines = text.replace(/\n$/, '').split('\n');
  const config = new Map<string, string>();
  for (let i = 0; i + 1 < lines.length; i += 2) config.set(lines[i] ?? '', lines[i + 1] ?? '');
  return config;
}

/** Settings that are, or may hold, a secret; never stored. */
export function isSecretSetting(name: string): boolean {
  return /pass|auth$|secret/.test(name);
}

/** Settings as lines of a redis.conf, sorted, without secrets and empty ones. */
export function configDocument(config: ReadonlyMap<string, string>): string {
  return [...config]
    .filter(([name, value]) => !isSecretSetting(name) && value !== '')
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(
      ([name, value]) =>
        `${name} ${/^[\w./:-]+( [\w./:-]+)*$/.test(value) ? value : JSON.stringify(value)}\n`,
    )
    .join('');
}

/** Names of users in an `ACL LIST` answer. */
export function usersOf(aclList: string): string[] {
  return [...aclList.matchAll(/^user (\S+)/gm)].map((m) => m[1] ?? '').sort();
}
