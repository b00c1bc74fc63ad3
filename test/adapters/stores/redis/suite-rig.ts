import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import { createRedisStore } from '../../../../src/adapters/stores/redis/create-redis-store.js';
import { redisStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { startRedis } from '../../../services/redis.js';
import type { StoreRig } from '../suite.js';
import { CANARY } from '../suite/bench.js';
import { contents, major, seed } from './sample.js';

const PASSWORD = 'the servers "päss" word';
const USER_PASSWORD = 'acl-users-password';
const WRONG = 'a-wrong-password';

/** An append-only server with a password and an ACL user, started and stopped by given commands. */
export async function redisRig(runtime: RuntimePort, server: string): Promise<StoreRig> {
  const redis = await startRedis({
    ...{ server, appendonly: true, password: PASSWORD },
    users: [`user app on >${USER_PASSWORD} ~* +@all`],
    config: ['repl-diskless-sync-delay 0'],
  });
  const folder = mkdtempSync(join(tmpdir(), 'steady-rig-'));
  const keep = join(folder, 'keep');
  const start = redis.startArgv as [string, ...string[]];
  const config = { ...redisStoreSchema.parse({ port: redis.port, bin: redis.bin }), process: { start } };
  const open = (password: string) =>
    createRedisStore({ name: 'cache', config, runtime, keep, password: new Secret(password) });
  const fill = (): void => {
    redis.cli('FLUSHALL');
    if (major(redis) >= 7) redis.cli('FUNCTION', 'FLUSH');
    seed(redis, 500);
    redis.feed(`SET note "${CANARY}"\n`);
  };
  // The same data but for one value, as a file that can be laid where the loaded one is.
  const other = join(folder, 'other.rdb');
  fill();
  redis.cli('SET', 'key:17', 'changed');
  redis.cli('--rdb', other);

  return {
    store: open(PASSWORD),
    refused: open(WRONG),
    reset: fill,
    contents: () => [contents(redis), redis.cli('ROLE').split('\n')[0]].join('\n'),
    spoil: () => redis.feed('DEL list\nSET key:5 changed\nSET more yes\nSELECT 3\nDEL in-three\n'),
    spoilLoaded({ token }) {
      const ready = join(redis.data, `.steady-${token}`, 'ready');
      const files = readdirSync(ready, { recursive: true, encoding: 'utf8' });
      const rdb = files.find((name) => /\.(rdb|aof)$/.test(name)) ?? '';
      copyFileSync(other, join(ready, rdb));
    },
    traces: () => [
      ...readdirSync(redis.data).filter((name) => name.includes('steady')),
      ...(existsSync(keep) ? readdirSync(keep) : []),
      ...redis
        .cli('CLIENT', 'LIST')
        .split('\n')
        .filter((line) => / cmd=(psync|sync|replconf)/.test(line)),
    ],
    async elsewhere() {
      const into = join(mkdtempSync(join(folder, 'into-')), 'data');
      return Promise.resolve({
        into,
        async contents() {
          const data = mkdtempSync(join(folder, 'copy-'));
          execFileSync('cp', ['-r', `${into}/.`, data]);
          for (const path of [folder, data]) chmodSync(path, 0o755);
          execFileSync('chmod', ['-R', 'a+rwX', data]);
          const second = await startRedis({ server, appendonly: true, data });
          try {
            return [contents(second), 'master'].join('\n');
          } finally {
            await second.stop();
          }
        },
        close: () => rmSync(into, { recursive: true }),
      });
    },
    async escape(lines, env) {
      const cli = `'${server.replace(/-server$/, '-cli')}' -p ${redis.port} --no-auth-warning`;
      execFileSync('bash', ['-e', '-o', 'pipefail', '-c', lines.join('\n')], {
        env: {
          ...{ ...process.env, ...env, DATA: redis.data, REDISCLI_AUTH: PASSWORD },
          ...{ STOP: `${cli} SHUTDOWN NOSAVE`, START: 'true' },
        },
        stdio: 'pipe',
      });
      await redis.start();
      return [contents(redis), redis.cli('ROLE').split('\n')[0]].join('\n');
    },
    dataStreams: ['rdb'],
    secrets: [PASSWORD, USER_PASSWORD, WRONG],
    async close() {
      await redis.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
