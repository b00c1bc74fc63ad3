import { GetObjectRetentionCommand } from '@aws-sdk/client-s3';
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { scheduleId, timeOfId } from '../../src/contracts/ids.js';
import { connect } from '../adapters/stores/postgres/connected.js';
import { ended, openRun, stepsOf, untilStarted, untilStep } from '../crash/rig/runs.js';
import type { CrashStack } from '../crash/rig/stack.js';
import { waitFor } from '../crash/rig/wait-for.js';
import { expectWhole } from '../crash/rig/whole.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { fault } from './fault.js';
import { copying, createFaultStack, listed, manifestOf, well } from './stack.js';

const WORKER_SECONDS = 4;

let server: PostgresService;
let minio: MinioServer;
let stack: CrashStack;
/** At the site of the data, and beside Temporal. */
const workers: Record<'site' | 'hub', { kill(): Promise<void> } | undefined> = {
  site: undefined,
  hub: undefined,
};
const ROLES = { site: 'backup,change', hub: 'proof,keeper,quick' } as const;
const come = async (which: keyof typeof workers): Promise<void> => {
  workers[which] = await stack.steady.startWorker('--roles', ROLES[which], '--metrics', 'off');
};
const go = async (which: keyof typeof workers): Promise<void> => {
  await workers[which]?.kill();
};

beforeAll(async () => {
  [server, minio] = await Promise.all([startPostgres(), startMinio({ objectLock: true })]);
  stack = await createFaultStack(server, {
    minio,
    up: false,
    healthWithin: '10s',
    preload: fileURLToPath(new URL('clock.mjs', import.meta.url)),
    more: `limits: { worker: ${WORKER_SECONDS}s }\n`,
  });
  const ready = stack.steady.start('--no-worker');
  await waitFor('Temporal is there', () => existsSync(join(stack.folder, '.steady', 'up.json')));
  await Promise.all([come('site'), come('hub'), ready]);
  await stack.app.start();
});
afterAll(async () => {
  await stack?.close();
  await Promise.all([server?.stop(), minio?.close()]);
});

const backup = () => stack.steady.cli('backup', 'run', 'small');
const schedule = async () =>
  (await stack.client()).client.schedule.getHandle(scheduleId('backup', 'crash', 'nightly'));
/** What the schedule does at its time. */
const night = async (): Promise<void> => await (await schedule()).trigger('SKIP');
const skipped = async (): Promise<number> => (await stack.steady.cli('status')).json.plans[0]?.skipped ?? -1;

describe('a worker', () => {
  const HOUR = 3_600_000;
  const jumped = (name: 'clock-ahead' | 'clock-behind', by: number) =>
    fault(name, async () => {
      const clock = join(stack.folder, 'points', 'clock');
      const before = await listed(stack);
      const asked = backup();
      await copying(stack);
      writeFileSync(clock, String(by));
      const answer = await asked;
      await well(stack, 'backup', 'run', 'small');
      const pruned = await stack.steady.cli('backup', 'prune');
      expect(pruned.json.lines.filter((one) => one.deleted)).toEqual([]);
      await well(stack, 'restore', 'latest');
      const { kept } = (await stack.steady.cli('status')).json;
      rmSync(clock);

      const fresh = (await listed(stack)).filter((id) => !before.includes(id));
      expect(fresh).toHaveLength(2);
      const near = (time: Date | string | undefined, hours: number) =>
        expect(Math.abs(new Date(time ?? 0).getTime() - Date.now() - hours * HOUR)).toBeLessThan(0.1 * HOUR);
      for (const id of fresh) {
        near(timeOfId(id), 0);
        near((await manifestOf(stack, id)).takenAt, 0);
        const Key = `${stack.prefix}/crash/manifests/small/${id}.json`;
        const locked = await minio.client.send(new GetObjectRetentionCommand({ Bucket: minio.bucket, Key }));
        near(locked.Retention?.RetainUntilDate, 1);
      }
      const records = (await stack.stored.names('records')).sort();
      const Key = `${stack.prefix}/crash/records/${records.at(-1) ?? ''}`;
      const locked = await minio.client.send(new GetObjectRetentionCommand({ Bucket: minio.bucket, Key }));
      near(locked.Retention?.RetainUntilDate, 1);
      near(kept.at(-1)?.until, 7 * 24);
      return answer;
    });
  beforeAll(async () => {
    const text = stack.file.text
      .replace(/(storage: .*) }\n/, `$1, lock: { mode: governance, for: 1h } }\n`)
      .replace('keep: { last: 2, verified: 1 }', 'keep: { within: 1h, verified: 1 }');
    stack.file.write(text);
    await well(stack, 'apply');
  });
  jumped('clock-ahead', 2 * HOUR);
  jumped('clock-behind', -2 * HOUR);

  fault('compensation-away', async () => {
    await stack.databases.sql(stack.database('small'), 'DELETE FROM orders WHERE id % 3 = 0');
    const spoilt = await stack.databases.digest(stack.database('small'));
    stack.app.holdHealth(true);
    const asked = stack.steady.cli('restore', 'latest');
    const run = await openRun(stack, 'restore');
    await untilStep(stack, run, 'Stop app');
    await untilStarted(stack, run, 'awaitHealthy');
    await go('site');
    await waitFor('the way back to wait for longer than a run does', async () => {
      const undo = (await stepsOf(stack, run)).find(
        ({ title, status }) => title.startsWith('Undo:') && status === 'running',
      );
      const since = Date.parse(undo?.startedAt ?? new Date().toISOString());
      return Date.now() - since > (WORKER_SECONDS + 1) * 1000;
    });
    stack.app.holdHealth(false);
    await come('site');
    const answer = await asked;
    expect(await stack.databases.digest(stack.database('small'))).toBe(spoilt);
    expect(await stack.app.healthy()).toBe(true);
    return answer;
  });

  fault('site-away', async () => {
    const before = await listed(stack);
    await go('site');
    for (let count = 0; count < 2; count++) {
      await night();
      const run = await openRun(stack, 'backup');
      expect((await ended(stack, run)).outcome).toBe('failed');
      expect((await stack.steady.cli('status')).json.failedBackup?.run).toBe(run);
    }
    const answer = await backup();
    expect(JSON.stringify(answer.json)).toContain('no worker [queue=steady.main.backup');
    await come('site');
    expect((await stack.steady.cli('status')).json.open).toEqual([]);
    await night();
    expect((await ended(stack, await openRun(stack, 'backup'))).outcome).toBe('done');
    expect(await listed(stack)).toHaveLength(before.length + 1);
    return answer;
  });

  fault('all-away', async () => {
    const before = await listed(stack);
    await Promise.all([go('site'), go('hub')]);
    const infoOf = async () => (await (await schedule()).describe()).info;
    const { numActionsTaken: taken, numActionsSkippedOverlap: count } = await infoOf();
    await night();
    // A run says what it is once a worker has it: until then the schedule alone knows of it.
    const run = await waitFor('the run of the first night', async () => {
      const info = await infoOf();
      return info.numActionsTaken > taken && info.recentActions.at(-1)?.action.workflow.workflowId;
    });
    await night();
    await waitFor('the second to be skipped', async () => (await infoOf()).numActionsSkippedOverlap > count);
    const answer = await stack.steady.cli('status');
    expect(answer.json.plans[0]?.skipped).toBe(count + 1);
    await Promise.all([come('site'), come('hub')]);
    expect((await ended(stack, run)).outcome).toBe('done');
    expect(await listed(stack)).toHaveLength(before.length + 1);
    expect((await stack.steady.cli('status')).json.open).toEqual([]);
    return answer;
  });
});

describe('a schedule', () => {
  fault('schedule-skipped', async () => {
    const [before, count] = [await listed(stack), await skipped()];
    const other = connect(server, stack.database('small'));
    await other.ask('BEGIN; LOCK TABLE customers IN ACCESS EXCLUSIVE MODE');
    await night();
    const run = await openRun(stack, 'backup');
    await night();
    await waitFor('the second to be skipped', async () => (await skipped()) === count + 1);
    const answer = await stack.steady.cli('status');
    await other.ask('ROLLBACK');
    await other.close();
    expect((await ended(stack, run)).outcome).toBe('done');
    expect(await listed(stack)).toHaveLength(before.length + 1);
    await expectWhole(stack, ['small']);
    return answer;
  });
});
