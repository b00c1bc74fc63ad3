import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import type { Steady } from '../../src/client/connect.js';
import { resultOf } from '../../src/client/outcome.js';
import { newRequest, startRun } from '../../src/client/start.js';
import { storageEntityId, targetEntityId, ledgerEntityId, runId } from '../../src/contracts/ids.js';
import { ROLES } from '../../src/contracts/names.js';
import type {
  BackupInput,
  CheckInput,
  RestoreInput,
  VerifyInput,
} from '../../src/contracts/runs/procedures.js';
import type { RunInput, StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { stackSchema } from '../../src/contracts/stack/stack.js';
import { wire } from '../../src/workers/wire.js';
import { createWorkers } from '../../src/workers/worker.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { startRedis, type RedisService } from '../services/redis.js';
import { toolPath } from '../services/tools.js';
import { trusting } from '../workers/trusting.js';
import { PATIENTLY } from '../workflows/patience.js';

const canary = (name: string): string => `canary-${name}-${randomBytes(9).toString('hex')}`;
const PASSWORDS = { postgres: canary('pg'), redis: canary('redis'), wrong: canary('wrong') };

const logged: string[] = [];
Runtime.install({
  logger: new DefaultLogger('TRACE', (entry) => {
    logged.push(
      JSON.stringify([entry.message, entry.meta], (_, value: unknown) =>
        value instanceof Error ? String(value.stack) : value,
      ),
    );
  }),
});

let folder: string;
let postgres: PostgresService;
let redis: RedisService;
let identity: string;
let workers: Worker[];
let running: Promise<unknown>;
let native: NativeConnection;
let steady: Steady;
let snapshot: StackSnapshot;
const stack = `sec-${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-secrets-'));
  await chmod(folder, 0o711);
  await mkdir(join(folder, 'storage'));
  postgres = await startPostgres();
  postgres.sql('postgres', `CREATE ROLE app LOGIN SUPERUSER PASSWORD '${PASSWORDS.postgres}'`);
  postgres.sql('postgres', 'CREATE DATABASE shop OWNER app');
  postgres.sql(
    'shop',
    'CREATE TABLE item (id int primary key); INSERT INTO item SELECT generate_series(1, 500)',
  );
  redis = await startRedis({ password: PASSWORDS.redis });
  redis.cli('SET', 'greeting', 'hello');
  await writeFile(join(folder, 'redis-password'), `${PASSWORDS.redis}\n`, { mode: 0o600 });
  const keys = execFileSync(toolPath('age-keygen'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  identity = /AGE-SECRET-KEY-\S+/.exec(keys)?.[0] ?? '';
  await writeFile(join(folder, 'proof.key'), keys, { mode: 0o600 });
  const recipient = /age1[a-z0-9]+/.exec(keys)?.[0] ?? '';

  const site = `sec-${randomBytes(4).toString('hex')}`;
  const file = {
    version: 1,
    stack,
    site,
    storage: {
      main: { directory: { path: 'storage' } },
      encryption: { age: { recipients: [recipient], identity: { file: 'proof.key' } } },
    },
    stores: {
      db: {
        postgres: {
          port: postgres.port,
          database: 'shop',
          user: 'app',
          password: { env: 'PG_CANARY' },
          bin: postgres.bin,
        },
      },
      cache: { redis: { port: redis.port, password: { file: 'redis-password' }, bin: redis.bin } },
      locked: {
        postgres: {
          port: postgres.port,
          database: 'shop',
          user: 'app',
          password: { env: 'PG_WRONG' },
          bin: postgres.bin,
        },
      },
    },
  };
  snapshot = { stack: stackSchema.parse(file), configSha256: 'c'.repeat(64), folder };
  const address = inject('temporalAddress');
  native = await NativeConnection.connect({ address });
  const env = { ...process.env, PG_CANARY: PASSWORDS.postgres, PG_WRONG: PASSWORDS.wrong };
  workers = await createWorkers({
    connection: native,
    namespace: 'default',
    site,
    roles: ROLES,
    ports: wire({ scratch: join(folder, 'scratch'), env, trust: await trusting(folder, snapshot) }),
    workflows: { workflowBundle: { codePath: inject('workflowBundle') } },
  });
  running = Promise.all(workers.map((worker) => worker.run()));
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  steady = { client, address, namespace: 'default', workerSeconds: 30, close: () => connection.close() };
});
afterAll(async () => {
  for (const id of entities())
    await steady.client.workflow
      .getHandle(id)
      .terminate()
      .catch(() => undefined);
  workers.forEach((worker) => worker.shutdown());
  await running;
  await steady.close();
  await native.close();
  await redis.stop();
  await postgres.stop();
  await rm(folder, { recursive: true, force: true });
});

const entities = (): string[] => [
  ...['db', 'cache', 'locked'].map((store) => targetEntityId(stack, store)),
  storageEntityId(stack),
  ledgerEntityId(stack),
];

async function run<I extends RunInput>(
  procedure: Parameters<typeof startRun>[1]['procedure'],
  input: Omit<I, 'version' | 'snapshot' | 'by'>,
): Promise<string> {
  const common = { version: 1, snapshot, by: { name: 'tester' } } as const;
  const handle = await startRun(steady, { procedure, input: { ...common, ...input } as I });
  // How it ends is not the question here.
  await resultOf(handle).catch(() => undefined);
  return handle.workflowId;
}

/** Every text and byte of a run's history, as whoever reads Temporal's database has it. */
async function historyOf(workflowId: string): Promise<string> {
  const parts: string[] = [];
  const walk = (value: unknown): void => {
    if (value instanceof Uint8Array) parts.push(Buffer.from(value).toString('latin1'));
    else if (typeof value === 'string') parts.push(value);
    else if (typeof value === 'object' && value !== null) Object.values(value).forEach(walk);
  };
  walk(await steady.client.workflow.getHandle(workflowId).fetchHistory());
  return parts.join('\n');
}

function commandLines(): string {
  const lines: string[] = [];
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    try {
      lines.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' '));
    } catch {
      // It has ended meanwhile.
    }
  }
  return lines.join('\n');
}

describe('the values of secrets', () => {
  it('are in no history, no stored document, no log and no command line', async () => {
    const secrets = [...Object.values(PASSWORDS), identity];
    expect(identity).toMatch(/^AGE-SECRET-KEY-/);
    const seen: string[] = [];
    const watch = setInterval(() => {
      const running = commandLines();
      seen.push(...secrets.filter((secret) => running.includes(secret)));
    }, 100);
    const ids: string[] = [];
    try {
      const stores = ['db', 'cache'];
      ids.push(await run<CheckInput>('check', { stores: [...stores, 'locked'] }));
      // One of the stores refuses its password: errors quote what they were given.
      ids.push(await run<BackupInput>('backup', { stores: [...stores, 'locked'] }));
      const selection = { text: 'latest', stores, unverified: true };
      ids.push(await run<VerifyInput>('verify', { depth: 'restored', selection }));
      const restore = { selection: { ...selection, stores: ['db'] }, mode: 'beside', dryRun: false } as const;
      const token = newRequest().slice(-8);
      ids.push(await run<RestoreInput>('restore', { ...restore, consumersFirst: false, token }));
      ids.push(runId('hold', stack, token));
    } finally {
      clearInterval(watch);
    }
    expect(seen).toEqual([]);
    const backupRun = ids[1]?.split('.').at(-1) ?? '';
    for (const store of ['db', 'cache', 'locked']) ids.push(`backup-store.${stack}.${store}.${backupRun}`);

    const documents = readdirSync(join(folder, 'storage'), { recursive: true, withFileTypes: true }).filter(
      (entry) => entry.isFile(),
    );
    await vi.waitFor(
      () => expect(readdirSync(join(folder, 'storage', stack, 'records'))).toHaveLength(3),
      PATIENTLY,
    );
    const places: Record<string, string> = { logs: logged.join('\n') };
    for (const id of [...ids, ...entities()]) places[id] = await historyOf(id);
    for (const entry of documents) {
      const path = join(entry.parentPath, entry.name);
      places[path] = (await readFile(path)).toString('latin1');
    }
    // The search finds what it could find: references stand in histories, and the restore went through.
    expect(places[ids[1] ?? '']).toContain('PG_CANARY');
    expect(places[ids[3] ?? '']).toContain('Load');
    expect(places[ids[1] ?? '']).toContain('the store refused the credentials');
    expect(places['logs']).not.toBe('');
    for (const [place, text] of Object.entries(places))
      for (const secret of secrets) expect(text.includes(secret), `${secret} in ${place}`).toBe(false);
  });
});
