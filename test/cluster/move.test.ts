import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.js';
import { retentionOf } from '../../src/client/namespace.js';
import type { Steady } from '../../src/client/connect.js';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js';
import { connect as psql } from '../adapters/stores/postgres/connected.js';
import { builtSteady } from '../cli/rig/build.js';
import { createShop, type ShopStack } from '../cli/rig/stack.js';
import { createTemporalCluster, type TemporalCluster } from './temporal-cluster.js';

/** docs/cluster.md, step by step: a stack of `steady up` moves to a Temporal on PostgreSQL, with two workers. */

const NAMESPACE = 'operations';
const PATIENTLY = { timeout: 60_000, interval: 250 };

let shop: ShopStack;
let cluster: TemporalCluster;
let temporal: Steady | undefined;
const workers = new Map<number, () => Promise<void>>();

beforeAll(async () => {
  shop = await createShop();
  cluster = await createTemporalCluster(shop.postgres);
}, 180_000);
afterAll(async () => {
  await temporal?.close();
  for (const kill of workers.values()) await kill();
  await cluster?.kill();
  await shop?.close();
});

/** A `steady worker` as its unit starts it: where Temporal is and which keys it has stand in its environment. */
async function startWorker(name: string): Promise<number> {
  const scratch = join(shop.folder, `scratch-${name}`);
  const argv = [await builtSteady(), '--json', 'worker', '--scratch', scratch, '--metrics', 'off'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', process.execPath, ...argv], {
    cwd: shop.folder,
    env: shop.env,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  await new Promise<void>((resolve, reject) => {
    let said = '';
    for (const stream of [child.stdout, child.stderr])
      stream.on('data', (text: Buffer) => (said += text.toString()).includes('"ready":true') && resolve());
    child.once('exit', (code) => reject(new Error(`the worker ended with ${code}: ${said}`)));
  });
  const pid = child.pid as number;
  workers.set(pid, async () => {
    child.kill('SIGKILL');
    await gone;
    workers.delete(pid);
  });
  return pid;
}

const records = (): { readonly number: number; readonly procedure: string }[] => {
  const folder = join(shop.storage, 'records');
  return readdirSync(folder).map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')) as never);
};

async function schedules(): Promise<string[]> {
  const found: string[] = [];
  for await (const { scheduleId } of (temporal as Steady).client.schedule.list()) found.push(scheduleId);
  return found.sort();
}

describe('from `steady up` to a Temporal on PostgreSQL', () => {
  it('leaves the old one with nothing that runs or waits, and whole records', async () => {
    await shop.up.start();
    await shop.json('backup', 'run');
    const status = await shop.json('status');
    expect(status).toMatchObject({ open: [], kept: [], approvals: [], ledger: { pending: 0 } });
    expect((await shop.steady('evidence', 'verify')).code).toBe(0);
    await shop.up.stop();
  });

  it('has a schema and a namespace made, also when it is done twice', async () => {
    await cluster.prepareSchema();
    await cluster.prepareSchema();
    await cluster.start();
    await cluster.prepareNamespace(NAMESPACE);
    await cluster.prepareNamespace(NAMESPACE);
    shop.env['TEMPORAL_ADDRESS'] = cluster.address;
    shop.env['TEMPORAL_NAMESPACE'] = NAMESPACE;
    shop.env['STEADY_CODEC_KEYS'] = `k1:${randomBytes(32).toString('base64')}`;
    process.env['STEADY_CODEC_KEYS'] = shop.env['STEADY_CODEC_KEYS'];
    temporal = await connect({ address: cluster.address, namespace: NAMESPACE, config: shop.folder });
    expect(await retentionOf(temporal.client.connection, NAMESPACE)).toBe(90 * 86_400);
  });

  it('gets its search attributes from the workers, and its schedules from `steady apply`', async () => {
    expect((await shop.steady('worker', 'trust', '--yes')).code).toBe(0);
    await startWorker('one');
    await startWorker('two');
    const { operatorService } = (temporal as Steady).client.connection;
    const { customAttributes } = await operatorService.listSearchAttributes({ namespace: NAMESPACE });
    expect(Object.keys(customAttributes ?? {}).sort()).toEqual([...SEARCH_ATTRIBUTES].sort());
    await shop.json('apply');
    expect(await schedules()).toEqual(['backup.shop.nightly', 'sweep.shop.daily']);
    const { lines } = await shop.json('check');
    const ofTemporal = (lines as { what: string; message: string }[]).filter(
      ({ what }) => what === 'Temporal',
    );
    expect(ofTemporal.map(({ message }) => message)).toEqual(['payloads are encrypted with the key k1']);
  });

  it('knows the backups of before: they lie in storage', async () => {
    const { backups } = await shop.json('backup', 'list');
    expect(backups).toHaveLength(2);
    const { code, json } = await shop.steady('--json', 'status');
    expect([code, json.stores.map(({ ok }: { ok: boolean }) => ok)]).toEqual([0, [true, true]]);
  });

  it('finishes on the other worker what one was doing that is killed with -9', async () => {
    const other = psql(shop.postgres, 'shop');
    await other.ask('BEGIN; LOCK TABLE orders IN ACCESS EXCLUSIVE MODE');
    const { run } = await shop.json('backup', 'run', 'db', '--no-wait');
    const doing = async (): Promise<string | undefined> => {
      for await (const { workflowId } of (temporal as Steady).client.workflow.list({
        query: "SteadyStack = 'shop' AND ExecutionStatus = 'Running'",
      })) {
        const { raw } = await (temporal as Steady).client.workflow.getHandle(workflowId).describe();
        const dump = raw.pendingActivities?.find((one) => one.activityType?.name === 'dumpStore');
        // `pid@host`
        if (dump?.lastHeartbeatTime) return dump.lastWorkerIdentity ?? undefined;
      }
      return undefined;
    };
    const first = await vi.waitFor(async () => {
      const identity = await doing();
      expect(identity).toBeDefined();
      return identity as string;
    }, PATIENTLY);
    const kill = workers.get(Number(first.split('@')[0]));
    expect(kill).toBeDefined();
    await kill?.();
    await vi.waitFor(async () => {
      const second = await doing();
      expect(second).toMatch(/^\d+@/);
      expect(second).not.toBe(first);
    }, PATIENTLY);
    await other.ask('ROLLBACK');
    await other.close();
    const watched = await shop.steady('show', run as string, '--watch');
    expect([watched.code, watched.stderr]).toEqual([0, '']);
    expect((await shop.json('backup', 'list', 'db')).backups).toHaveLength(2);
    await shop.json('backup', 'verify', 'latest', '--store', 'db', '--depth', 'restored');
  });

  it('goes on after Temporal itself was killed: all it knew is in PostgreSQL', async () => {
    await cluster.kill();
    await cluster.start();
    await vi.waitFor(async () => expect((await shop.steady('status')).code).toBe(0), PATIENTLY);
    expect(await schedules()).toEqual(['backup.shop.nightly', 'sweep.shop.daily']);
    await (temporal as Steady).client.schedule.getHandle('backup.shop.nightly').trigger();
    await vi.waitFor(
      async () => expect((await shop.json('backup', 'list')).backups).toHaveLength(5),
      PATIENTLY,
    );
  });

  it('chains its records to those of before', async () => {
    await vi.waitFor(() => {
      expect(records().map((one) => `${one.number} ${one.procedure}`)).toEqual([
        '1 backup',
        '2 backup',
        '3 verify',
        '4 backup',
      ]);
    }, PATIENTLY);
    const { code, json } = await shop.steady('--json', 'evidence', 'verify');
    expect([code, json.head.number, json.temporal.unrecorded]).toEqual([0, 4, []]);
  });
});
