import { GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { Client, Connection } from '@temporalio/client';
import { DefaultLogger, NativeConnection, Runtime, type Worker } from '@temporalio/worker';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it, vi } from 'vitest';
import { stringify } from 'yaml';
import type { Ports } from '../../src/activities/ports.js';
import { askedBy, decide, signedRequester, type Identity } from '../../src/client/approvals.js';
import type { Steady } from '../../src/client/connect.js';
import { resultOf } from '../../src/client/outcome.js';
import { newRequest, startRun } from '../../src/client/start.js';
import { startWatch } from '../../src/client/watch.js';
import {
  ledgerEntityId,
  runId,
  storageEntityId,
  targetEntityId,
  watchEntityId,
} from '../../src/contracts/ids.js';
import { ROLES } from '../../src/contracts/names.js';
import type {
  BackupInput,
  CheckInput,
  RestoreInput,
  VerifyInput,
} from '../../src/contracts/runs/procedures.js';
import { restoreRequest } from '../../src/contracts/runs/requester.js';
import type { RunInput, StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { publicKeyOf, toBase64 } from '../../src/contracts/signing.js';
import { stackSchema } from '../../src/contracts/stack/stack.js';
import { createMetrics } from '../../src/workers/metrics/read-metrics.js';
import { wire } from '../../src/workers/wire.js';
import { createWorkers } from '../../src/workers/worker.js';
import { startMailServer, type MailServer } from '../adapters/notifiers/mail-server.js';
import { json, makeCertificate, serve, type TestServer } from '../adapters/probes/http-server.js';
import { builtSteady } from '../cli/rig/build.js';
import { runSteady } from '../cli/rig/run-steady.js';
import { makeAuthority } from '../services/certificates.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { startRedis, type RedisService } from '../services/redis.js';
import { startTemporal, type TemporalServer } from '../services/temporal.js';
import { toolPath } from '../services/tools.js';
import { trusting } from '../workers/trusting.js';
import { PATIENTLY } from '../workflows/patience.js';

const canary = (name: string): string => `canary-${name}-${randomBytes(9).toString('hex')}`;
/** With characters that addresses write otherwise. */
const odd = (name: string): string => `${canary(name)}/+@&`;
const SECRETS = {
  PG_CANARY: odd('pg'),
  PG_READER: odd('pg-reader'),
  PG_WRONG: odd('wrong'),
  REDIS_CANARY: odd('redis'),
  REDIS_READER: odd('redis-reader'),
  HEADER_CANARY: odd('header'),
  BASIC_CANARY: odd('basic'),
  HMAC_CANARY: odd('hmac'),
  SMTP_CANARY: odd('smtp'),
  COMMAND_CANARY: odd('command'),
  // Whole addresses are secrets: each has its token in the path.
  WEBHOOK_TOKEN: canary('webhook'),
  SLACK_TOKEN: canary('slack'),
  HEARTBEAT_TOKEN: canary('heartbeat'),
};
const [ana, ben] = ['ana', 'ben'].map((name) => ({ name, secretKey: new Uint8Array(randomBytes(32)) })) as [
  Identity,
  Identity,
];

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
let temporal: TemporalServer;
let minio: MinioServer;
let receiver: TestServer;
let mail: MailServer;
let postgres: PostgresService;
let redis: RedisService;
let identity: string;
let workers: Worker[];
let ports: Ports;
let running: Promise<unknown>;
let native: NativeConnection;
let steady: Steady;
let snapshot: StackSnapshot;
let main: string;
let env: NodeJS.ProcessEnv;
let tlsKey: string;
const stack = `sec-${randomBytes(4).toString('hex')}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-secrets-'));
  await chmod(folder, 0o711);
  temporal = await startTemporal();
  minio = await startMinio();
  // Quotes whatever it is given, as a careless server does.
  receiver = await serve((request, response) =>
    json(response, request.path.includes(SECRETS.HEARTBEAT_TOKEN) ? 200 : 404, request),
  );
  const tls = makeCertificate(folder);
  mail = await startMailServer({ user: 'steady', password: 'another one', tls });
  postgres = await startPostgres();
  postgres.sql('postgres', `CREATE ROLE app LOGIN SUPERUSER PASSWORD '${SECRETS.PG_CANARY}'`);
  postgres.sql(
    'postgres',
    `CREATE ROLE reads LOGIN IN ROLE pg_read_all_data PASSWORD '${SECRETS.PG_READER}'`,
  );
  postgres.sql('postgres', 'CREATE DATABASE shop OWNER app');
  postgres.sql(
    'shop',
    'CREATE TABLE item (id int primary key); INSERT INTO item SELECT generate_series(1, 500)',
  );
  const authority = makeAuthority(join(folder, 'tls'));
  const server = authority.issue('cache', 'IP:127.0.0.1');
  const { cert, key } = authority.issue('steady');
  tlsKey = readFileSync(key, 'utf8').split('\n')[1] ?? '';
  redis = await startRedis({
    password: SECRETS.REDIS_CANARY,
    users: [`user reads on >${SECRETS.REDIS_READER} ~* +@all`],
    tls: { ca: authority.ca, ...server },
  });
  redis.cli('SET', 'greeting', 'hello');
  await writeFile(join(folder, 'redis-password'), `${SECRETS.REDIS_CANARY}\n`, { mode: 0o600 });
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
      main: {
        s3: {
          ...minio.config(),
          credentials: { accessKey: { env: 'S3_USER' }, secretKey: { env: 'S3_CANARY' } },
        },
      },
      encryption: { age: { recipients: [recipient], identity: { file: 'proof.key' } } },
    },
    stores: {
      db: {
        postgres: {
          port: postgres.port,
          database: 'shop',
          user: 'app',
          password: { env: 'PG_CANARY' },
          reader: { user: 'reads', password: { env: 'PG_READER' } },
          bin: postgres.bin,
        },
      },
      cache: {
        redis: {
          port: redis.port,
          password: { file: 'redis-password' },
          reader: { user: 'reads', password: { env: 'REDIS_READER' } },
          tls: { ca: authority.ca, cert, key },
          bin: redis.bin,
        },
      },
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
    checks: {
      header: {
        http: { url: receiver.url, login: { header: { name: 'X-Key', value: { env: 'HEADER_CANARY' } } } },
      },
      basic: {
        http: { url: receiver.url, login: { basic: { user: 'u', password: { env: 'BASIC_CANARY' } } } },
      },
    },
    approvers: [ana, ben].map(({ name, secretKey }) => ({
      name,
      key: publicKeyOf(secretKey),
      roles: ['operator'],
    })),
    approvals: { restore: { from: 'operator' } },
    notify: {
      hook: { webhook: { url: { env: 'WEBHOOK_URL' }, key: { env: 'HMAC_CANARY' } }, on: ALL },
      slack: { slack: { url: { env: 'SLACK_URL' } }, on: ALL },
      mail: {
        smtp: {
          host: '127.0.0.1',
          port: mail.port,
          ca: 'ca.pem',
          user: 'steady',
          password: { env: 'SMTP_CANARY' },
          from: 'steady@example.org',
          to: ['ops@example.org'],
        },
        on: ALL,
      },
      program: { command: { run: ['env'], env: { TOKEN: { env: 'COMMAND_CANARY' } } }, on: ALL },
      pulse: { heartbeat: { url: { env: 'HEARTBEAT_URL' } } },
    },
    plans: {
      nightly: {
        schedule: '0 0 1 1 *',
        stores: ['db', 'cache'],
        keep: { last: 2 },

        rpo: '1d',
      },
    },
  };
  snapshot = { stack: stackSchema.parse(file), configSha256: 'c'.repeat(64), folder };
  await writeFile(join(folder, 'steady.yaml'), stringify(file));
  for (const { name, secretKey } of [ana, ben]) {
    const person = { version: 1, name, public: publicKeyOf(secretKey), secret: toBase64(secretKey) };
    await writeFile(join(folder, `${name}.identity`), JSON.stringify(person), { mode: 0o600 });
  }
  main = await builtSteady();
  const { address } = temporal;
  native = await NativeConnection.connect({ address });
  env = {
    ...process.env,
    ...SECRETS,
    S3_USER: minio.accessKey.reveal(),
    S3_CANARY: minio.secretKey.reveal(),
    WEBHOOK_URL: `${receiver.url}/${SECRETS.WEBHOOK_TOKEN}`,
    SLACK_URL: `${receiver.url}/services/${SECRETS.SLACK_TOKEN}`,
    HEARTBEAT_URL: `${receiver.url}/${SECRETS.HEARTBEAT_TOKEN}`,
  };
  ports = wire({ scratch: join(folder, 'scratch'), env, trust: await trusting(folder, snapshot) });
  workers = await createWorkers({
    connection: native,
    namespace: 'default',
    site,
    roles: ROLES,
    ports,
    workflows: { workflowBundle: { codePath: inject('workflowBundle') } },
  });
  running = Promise.all(workers.map((worker) => worker.run()));
  const connection = await Connection.connect({ address });
  const client = new Client({ connection });
  steady = { client, address, namespace: 'default', workerSeconds: 30, close: () => connection.close() };
});
afterAll(async () => {
  workers.forEach((worker) => worker.shutdown());
  await running;
  await steady.close();
  await native.close();
  await temporal.close();
  await Promise.all([receiver.close(), mail.close(), minio.close(), redis.stop(), postgres.stop()]);
  await rm(folder, { recursive: true, force: true });
});

const ALL = ['failed', 'done', 'approval', 'notice', 'proof', 'rpo', 'skipped', 'stuck'];

const entities = (): string[] => [
  ...['db', 'cache', 'locked'].map((store) => targetEntityId(stack, store)),
  storageEntityId(stack),
  watchEntityId(stack),
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

/** All objects in the bucket, in all their bytes. */
async function objects(): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  const Bucket = minio.bucket;
  const { Contents = [] } = await minio.client.send(new ListObjectsV2Command({ Bucket }));
  for (const { Key = '' } of Contents) {
    const { Body } = await minio.client.send(new GetObjectCommand({ Bucket, Key }));
    found[Key] = (await Body?.transformToString('latin1')) ?? '';
  }
  return found;
}

/** Every file in a folder; those in which the test itself keeps a secret are left out. */
async function files(of: string): Promise<Record<string, string>> {
  const own = ['redis-password', 'proof.key', 'key.pem', 'ca.key', '0.key', '1.key'];
  const found: Record<string, string> = {};
  for (const entry of readdirSync(of, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || own.includes(entry.name) || entry.name.endsWith('.identity')) continue;
    const path = join(entry.parentPath, entry.name);
    found[path] = (await readFile(path)).toString('latin1');
  }
  return found;
}

/** Asks for a restore as ana, and says yes as ben. */
async function restore(input: Omit<RestoreInput, 'version' | 'snapshot' | 'by'>): Promise<string> {
  const by = signedRequester(ana, restoreRequest(input));
  const handle = await startRun(steady, {
    procedure: 'restore',
    input: { version: 1, snapshot, by, ...input },
  });
  const shown = await vi.waitFor(async () => {
    const state = await askedBy(handle);
    if (state === undefined) throw new Error('nothing is asked yet');
    return state;
  }, PATIENTLY);
  await decide(handle, { identity: ben, shown, decision: 'approve', reason: 'looks right' });
  await resultOf(handle).catch(() => undefined);
  return handle.workflowId;
}

/** What a person sees who types it, here with all secrets in the environment; as ana, unless another is named. */
async function screen(...args: string[]): Promise<string> {
  const STEADY_IDENTITY = join(folder, 'ana.identity');
  const own = { STEADY_IDENTITY, XDG_CONFIG_HOME: join(folder, 'config'), TEMPORAL_ADDRESS: steady.address };
  const { stdout, stderr } = await runSteady(args, { main, cwd: folder, env: { ...env, ...own } });
  return `${args.join(' ')}\n${stdout}\n${stderr}`;
}

/** What commands print, in words and with --json. */
async function screens(): Promise<string> {
  const seen = [await screen('apply')];
  const asked = await screen('--json', 'restore', 'latest', '--store', 'db', '--unverified', '--no-wait');
  const [id = ''] = new RegExp(`restore\\.${stack}\\.[\\w-]+`).exec(asked) ?? [];
  expect(asked).toContain(`restore.${stack}.`);
  const handle = steady.client.workflow.getHandle(id);
  await vi.waitFor(async () => expect(await askedBy(handle)).toBeDefined(), PATIENTLY);
  const digest = (await askedBy(handle))?.digest ?? '';
  seen.push(asked, await screen('show', id));
  const ben = join(folder, 'ben.identity');
  seen.push(await screen('--identity', ben, 'approve', id, '--digest', digest, '--reason', 'looks right'));
  await handle.result().catch(() => undefined);
  for (const words of [
    ['check'],
    // One of the stores refuses its password.
    ['backup', 'run'],
    ['restore', 'latest', '--store', 'db', '--unverified', '--dry-run'],
    ['status'],
    ['show', id],
    ['runs'],
    ['notify', 'test'],
  ])
    seen.push(await screen(...words), await screen('--json', ...words));
  return seen.join('\n');
}

/** A value as it is, as base64 has it wherever it begins in a text, and as addresses have it. */
function formsOf(secret: string): string[] {
  const bytes = Buffer.from(secret);
  const inBase64 = [0, 1, 2].map((before) => {
    const text = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    // Without the characters in which what stands around it has a part.
    return text.slice(before === 0 ? 0 : before + 1, Math.floor(((before + bytes.length) * 8) / 6));
  });
  const forms = [secret, encodeURIComponent(secret), encodeURI(secret), ...inBase64];
  return [...new Set([...forms, ...inBase64.map((one) => one.replaceAll('+', '-').replaceAll('/', '_'))])];
}

describe('the values of secrets', () => {
  it('are in no screen, history, database, document, log, message, metric, file or command line', async () => {
    const secrets: Record<string, string> = {
      ...SECRETS,
      S3_CANARY: minio.secretKey.reveal(),
      identity,
      tlsKey,
      ana: toBase64(ana.secretKey),
      ben: toBase64(ben.secretKey),
    };
    expect(identity).toMatch(/^AGE-SECRET-KEY-/);
    const seen: string[] = [];
    const watch = setInterval(() => {
      const running = commandLines();
      seen.push(
        ...Object.entries(secrets).flatMap(([name, secret]) => (running.includes(secret) ? [name] : [])),
      );
    }, 25);
    const ids: string[] = [];
    const messages: string[] = [];
    let shown = '';
    try {
      await startWatch(steady, snapshot);
      const stores = ['db', 'cache'];
      ids.push(await run<CheckInput>('check', { stores: [...stores, 'locked'] }));
      // One of the stores refuses its password: errors quote what they were given.
      ids.push(await run<BackupInput>('backup', { stores: [...stores, 'locked'] }));
      const selection = { text: 'latest', stores, unverified: true };
      ids.push(await run<VerifyInput>('verify', { depth: 'restored', selection }));
      const token = newRequest().slice(-8);
      const db = { ...selection, stores: ['db'] };
      ids.push(await restore({ selection: db, mode: 'beside', dryRun: false, consumersFirst: false, token }));
      ids.push(await run<BackupInput>('backup', { plan: 'nightly', stores }));
      ids.push(runId('hold', stack, token));
      await vi.waitFor(async () => {
        const kept = Object.keys(await objects()).filter((key) => key.includes('/records/'));
        expect(kept).toHaveLength(4);
        expect(receiver.seen.some(({ path }) => path.includes(SECRETS.HEARTBEAT_TOKEN))).toBe(true);
      }, PATIENTLY);
      await vi.waitFor(async () => {
        messages.length = 0;
        const query = `SteadyStack = "${stack}" AND WorkflowType = "notify"`;
        for await (const { workflowId } of steady.client.workflow.list({ query })) messages.push(workflowId);
        expect(messages.length).toBeGreaterThan(3);
      }, PATIENTLY);
      for (const id of [ids[1] ?? '', ids[4] ?? '']) {
        const part = id.split('.').at(-1) ?? '';
        for (const store of id === ids[1] ? ['db', 'cache', 'locked'] : ['db', 'cache'])
          ids.push(`backup-store.${stack}.${store}.${part}`);
      }
      shown = await screens();
    } finally {
      clearInterval(watch);
    }
    expect(seen).toEqual([]);
    const { client } = steady;
    const metrics = createMetrics({ client, site: snapshot.stack.site, storage: ports.storage });
    const places: Record<string, string> = {
      ...(await objects()),
      ...(await files(folder)),
      ...(await files(dirname(temporal.file))),
      logs: logged.join('\n'),
      metrics: await metrics(),
      screens: shown,
      mails: JSON.stringify(mail.mails),
      messages: receiver.seen.map(({ body }) => body).join('\n'),
    };
    for (const id of [...ids, ...entities(), ...messages]) places[id] = await historyOf(id);
    // The search finds what it could find: references stand in histories, and all of it went through or was refused.
    expect(places[ids[1] ?? '']).toContain('PG_CANARY');
    expect(places[ids[3] ?? '']).toContain('Load');
    expect(places[ids[1] ?? '']).toContain('the store refused the credentials');
    expect(places[temporal.file]).toContain('SteadyStack');
    expect(places['logs']).not.toBe('');
    expect(places['metrics']).toContain(`stack="${stack}"`);
    expect(places['messages']).toContain('backup.failed');
    for (const words of [
      '[secret]',
      'the store refused the credentials',
      'role proof',
      'looks right',
      '"reached":false',
      '✗ hook (webhook)',
      '"dryRun":true',
    ])
      expect(shown).toContain(words);
    const told = messages.map((id) => places[id]).join('\n');
    for (const channel of ['hook', 'slack', 'mail', 'program']) expect(told).toContain(channel);
    const found = Object.entries(places).flatMap(([place, text]) =>
      Object.entries(secrets).flatMap(([name, secret]) =>
        formsOf(secret).some((form) => text.includes(form)) ? [`${name} in ${place}`] : [],
      ),
    );
    expect(found).toEqual([]);
  });
});
