import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { postgresBins } from '../../services/postgres.js';
import { redisServers } from '../../services/redis.js';

/** STEADY_ALL_VERSIONS=1: every test of a store on every version that `scripts/setup` has brought (docs/stores.md). */
export const ALL_VERSIONS = process.env['STEADY_ALL_VERSIONS'] === '1';

export interface PostgresVersion {
  /** `PostgreSQL 15.18`. */
  readonly title: string;
  readonly major: number;
  /** Folder of its programs. */
  readonly bin: string;
}

export interface RedisVersionHere {
  /** `Redis 7.0.15` or `Valkey 8.1.1`. */
  readonly title: string;
  readonly product: 'redis' | 'valkey';
  readonly major: number;
  /** Path of its server. */
  readonly server: string;
}

/** Every major there is, oldest first; of two of one major the later named: it is the distribution's, with ICU. */
export function allPostgres(): PostgresVersion[] {
  const byMajor = new Map<number, PostgresVersion>();
  for (const bin of postgresBins()) {
    const version = /\(PostgreSQL\) (\S+)/.exec(says(join(bin, 'postgres')))?.[1] ?? '';
    const major = Number.parseInt(version, 10);
    byMajor.set(major, { title: `PostgreSQL ${version}`, major, bin });
  }
  return [...byMajor.values()].sort((a, b) => a.major - b.major);
}

/** The one that stands for all where the version makes no difference: 15, or what there is. */
export function usualPostgres(): PostgresVersion {
  const all = allPostgres();
  const usual = all.find((version) => version.major === 15) ?? all.at(-1);
  if (!usual) throw new Error('no PostgreSQL server is installed: run ./scripts/setup');
  return usual;
}

/** For tests of one version: the usual one, or all. */
export const somePostgres = (): PostgresVersion[] => (ALL_VERSIONS ? allPostgres() : [usualPostgres()]);

/** For what goes from one version to another: oldest, usual and newest, or all. */
export function spreadPostgres(): PostgresVersion[] {
  const all = allPostgres();
  if (ALL_VERSIONS) return all;
  const chosen = new Set([all[0], usualPostgres(), all.at(-1)].map((version) => version?.major));
  return all.filter((version) => chosen.has(version.major));
}

/** For the shared suite: the newest, and another one each day (all other tests run on the usual one), or all. */
export const suitePostgres = (): PostgresVersion[] => newestAndOneMore(allPostgres());

/** Every server there is, Redis first, oldest first. */
export function allRedis(): RedisVersionHere[] {
  const found = redisServers().map((server) => {
    const [, name = '', version = ''] = /^(Redis|Valkey) server v=(\S+)/m.exec(says(server)) ?? [];
    const product: RedisVersionHere['product'] = name === 'Valkey' ? 'valkey' : 'redis';
    return { title: `${name} ${version}`, product, major: Number.parseInt(version, 10), server };
  });
  return found.sort((a, b) => a.product.localeCompare(b.product) || a.major - b.major);
}

/** For tests of one version: the one that is installed, or all. */
export function someRedis(): RedisVersionHere[] {
  const usual = redisServers()[0];
  return ALL_VERSIONS ? allRedis() : allRedis().filter(({ server }) => server === usual);
}

/** For the shared suite: the newest Redis, and another one or a Valkey each day, or all. */
export function suiteRedis(): RedisVersionHere[] {
  const of = (product: string) => allRedis().filter((version) => version.product === product);
  return newestAndOneMore([...of('valkey'), ...of('redis')]);
}

/** Of what is sorted by age. The title of a test says which: STEADY_ALL_VERSIONS=1 has it run again on another day. */
function newestAndOneMore<T>(all: readonly T[]): T[] {
  if (ALL_VERSIONS) return [...all];
  const others = all.slice(0, -1);
  const today = Math.floor(Date.now() / 86_400_000);
  return all.filter((one, at) => at === all.length - 1 || one === others[today % others.length]);
}

/** Version of a server by its own word. */
function says(program: string): string {
  return execFileSync(program, ['--version'], { encoding: 'utf8' });
}
