import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createHostRuntime } from '../../../../src/adapters/runtimes/host/host.js';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { createRedisStore } from '../../../../src/adapters/stores/redis/create-redis-store.js';
import { redisStoreSchema, type RedisStoreConfig } from '../../../../src/contracts/stack/stores.js';
import { Secret } from '../../../../src/contracts/secret.js';
import type { RedisService } from '../../../services/redis.js';

/** Every type of value, several databases, expiries, odd bytes, a big value and, from 7 on, functions. */
export function seed(redis: RedisService, keys = 2000): void {
  const lines: string[] = [];
  for (let i = 0; i < keys; i++) lines.push(`SET key:${i} "value ${i}"`);
  lines.push(
    'SET "odd \\x00\\xff\\n key" "\\x00\\x01\\xfe binary"',
    'RPUSH list a b c "" "with space"',
    'SADD numbers 1 2 3',
    'SADD words alpha beta "gämma"',
    'ZADD scores 1.5 one 2.25 two -inf low',
    'HSET hash field value other "\\r\\n"',
    'XADD stream 1-1 a 1 b 2',
    'XADD stream 2-1 a 3',
    'XGROUP CREATE stream readers 0',
    'PFADD visitors a b c d',
    'SETBIT bits 1000 1',
    'GEOADD places 13.36 38.11 Palermo',
    'SET session:1 x EX 100000',
    'SET session:2 x EX 100000',
    'SELECT 3',
    'SET in-three yes',
    'SET in-three-expiring yes EX 100000',
    'SELECT 15',
    'SET last yes',
  );
  redis.feed(`${lines.join('\n')}\n`);
  redis.feed(`SET big "${'0123456789abcdef'.repeat(2 ** 18)}"\n`);
  if (major(redis) >= 7)
    redis.cli(
      'FUNCTION',
      'LOAD',
      "#!lua name=mylib\nredis.register_function('hello', function() return 'hi' end)",
    );
}

export function major(redis: RedisService): number {
  const info = redis.cli('INFO', 'server');
  return Number(/(?:valkey|redis)_version:(\d+)/.exec(info)?.[1]);
}

/** What a user would look at: each key without expiry and a hash of its content (a set's order is its server's own). */
export function contents(redis: RedisService): string {
  const script = `local out = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('PTTL', key) == -1 then
    local content
    if redis.call('TYPE', key).ok == 'set' then
      local members = redis.call('SMEMBERS', key)
      table.sort(members)
      content = table.concat(members, ',')
    else
      content = redis.call('DUMP', key)
    end
    out[#out + 1] = key .. '=' .. redis.sha1hex(content)
  end
end
table.sort(out)
return table.concat(out, '\\n')`;
  return ['0', '3', '15'].map((db) => redis.cli('-n', db, 'EVAL', script, '0')).join('\n--\n');
}

/** The values themselves, read by the commands of each type: equal across versions, whose DUMP differs. */
export function values(redis: RedisService): string {
  const script = `local read = {
  string = function(key) return {redis.call('GET', key)} end,
  list = function(key) return redis.call('LRANGE', key, 0, -1) end,
  set = function(key) local all = redis.call('SMEMBERS', key); table.sort(all); return all end,
  zset = function(key) return redis.call('ZRANGE', key, 0, -1, 'WITHSCORES') end,
  hash = function(key) local all = redis.call('HKEYS', key); table.sort(all)
    for i, field in ipairs(all) do all[i] = field .. '=' .. redis.call('HGET', key, field) end
    return all end,
  stream = function(key) local all = {}
    for _, entry in ipairs(redis.call('XRANGE', key, '-', '+')) do all[#all + 1] = entry[1] .. table.concat(entry[2], ',') end
    for _, group in ipairs(redis.call('XINFO', 'GROUPS', key)) do all[#all + 1] = group[2] end
    return all end,
}
local out = {}
for _, key in ipairs(redis.call('KEYS', '*')) do
  if redis.call('PTTL', key) == -1 then
    out[#out + 1] = key .. '=' .. redis.sha1hex(table.concat(read[redis.call('TYPE', key).ok](key), '|'))
  end
end
table.sort(out)
return table.concat(out, '\\n')`;
  return ['0', '3', '15'].map((db) => redis.cli('-n', db, 'EVAL', script, '0')).join('\n--\n');
}

export interface Made {
  readonly store: StorePort;
  readonly keep: string;
  readonly scratch: string;
  remove(): void;
}

export interface MakeOptions {
  readonly password?: string | undefined;
  readonly config?: Partial<RedisStoreConfig>;
  /** Leave out the commands that start the server: nothing but its port is known. */
  readonly onlyPort?: boolean;
  /** Folders of another store's worker, to be the same one; default new ones. */
  readonly worker?: Pick<Made, 'keep' | 'scratch'>;
}

export function makeStore(redis: RedisService, options: MakeOptions = {}): Made {
  const folder = mkdtempSync(join(tmpdir(), 'steady-base-'));
  const { keep, scratch } = options.worker ?? {
    keep: join(folder, 'keep'),
    scratch: join(folder, 'scratch'),
  };
  const config = {
    ...redisStoreSchema.parse({ port: redis.port, bin: redis.bin }),
    ...(!options.onlyPort && { process: { start: redis.startArgv as [string, ...string[]] } }),
    ...options.config,
  };
  const store = createRedisStore({
    name: 'cache',
    config,
    runtime: createHostRuntime({ baseFolder: folder }),
    keep,
    scratch,
    password: options.password === undefined ? undefined : new Secret(options.password),
  });
  return { store, keep, scratch, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
