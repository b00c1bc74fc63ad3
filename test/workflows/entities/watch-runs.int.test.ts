import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { acceptNotBack } from '../../../src/client/accept.js';
import { resultOf } from '../../../src/client/outcome.js';
import { startWatch } from '../../../src/client/watch.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { ledgerEntityId } from '../../../src/contracts/ids.js';
import { WORKFLOW_TASK_QUEUE } from '../../../src/contracts/names.js';
import type { LedgerInput } from '../../../src/contracts/runs/ledger.js';
import type { BackupInput } from '../../../src/contracts/runs/procedures.js';
import { WATCH_QUERY, type WatchState } from '../../../src/contracts/runs/watch.js';
import { PATIENTLY } from '../patience.js';
import { failureOfRun } from '../world.js';
import { startWatching, type Watching } from './watched.js';

let watching: Watching;
beforeAll(async () => {
  watching = await startWatching();
});
afterAll(() => watching.close());

describe.concurrent('the watch of runs', () => {
  it('tells once of a restore that somebody terminated while it cut over, and of its data until they are back', async () => {
    const { world, messages, until, renewed } = await watching.watched({
      maxEvents: 40,
      services: { api: ['db'] },
    });
    await world.backup();
    const gate = world.script.gate('cutover db');
    const restore = await world.restore();
    await gate.reached;
    await restore.terminate('the wrong one');
    gate.open();
    const ended = `failed once: restore of ${world.stack} was ended in Temporal: terminated`;
    const lost = 'the data of db are not back';
    await until(ended);
    await until(`failed begun: ${lost}`);
    // Nobody was asked, so that it began was told too.
    const told = messages().filter((one) => one.event === 'failed');
    const { runId } = await restore.describe();
    expect(told.find((one) => one.state === undefined)).toMatchObject({
      id: `${runId}.ended`,
      lines: ['the wrong one', expect.stringContaining('it put nothing back')],
      next: ['steady status', `steady show ${restore.workflowId}`],
      run: {
        workflowId: restore.workflowId,
        runId,
        procedure: 'restore',
        by: 'tester',
        outcome: 'terminated',
      },
    });
    expect(told.find((one) => one.state === 'begun')?.lines.join('\n')).toContain('steady restore accept db');
    expect(world.services.get('api')).toBe('stopped');

    await renewed();
    const { steady } = watching.rig;
    await acceptNotBack(steady, world.snapshot.stack, 'db', { by: 'ana', reason: 'they are whole' });
    const all = await until(`failed over: ${lost}`);
    const failed = all.filter((one) => one.startsWith('failed'));
    expect(failed.sort()).toEqual([`failed begun: ${lost}`, ended, `failed over: ${lost}`].sort());
  });

  it('does not say that data are back while another restore is about to bring them back, but once it has', async () => {
    const { world, told, until, looked } = await watching.watched({ services: { api: ['db'] } });
    await world.backup();
    world.answers.set('health api', '502');
    world.script.fail('undo db', 'store.denied');
    await failureOfRun(await world.restore());
    const lost = 'the data of db are not back';
    await until(`failed begun: ${lost}`);
    world.answers.clear();
    const gate = world.script.gate('cutover db');
    const second = await world.restore();
    await gate.reached;
    await looked();
    expect(told().filter((one) => one.endsWith(lost))).toEqual([`failed begun: ${lost}`]);
    gate.open();
    await resultOf(second);
    await until(`failed over: ${lost}`);
  });

  it('tells of a run that was terminated together with the watch, and not again of one that told its own end', async () => {
    const { world, watch, told, until } = await watching.watched();
    world.script.fail('dump db', 'tool.failed');
    const failed = await world.start<BackupInput>('backup', { stores: ['db'] });
    await failureOfRun(failed);
    await until(`failed once: backup of ${world.stack} failed`);
    const gate = world.script.gate('dump db');
    const handle = await world.start<BackupInput>('backup', { stores: ['db'] });
    await gate.reached;
    await watch.terminate('all of it');
    await handle.terminate('all of it');
    await startWatch(watching.rig.steady, world.snapshot);
    await until(`failed once: backup of ${world.stack} was ended in Temporal: terminated`);
    expect(told().filter((one) => one.endsWith(' failed'))).toHaveLength(1);
    gate.open();
  });

  it('tells how many runs a schedule has skipped, each once, also across its own renewal', async () => {
    const { world, watch, nightly, messages, until, renewed } = await watching.watched({ maxEvents: 40 });
    const id = nightly.scheduleId;
    const counts = async () =>
      (await watching.rig.steady.client.workflow.getHandle(watch.workflowId).query<WatchState>(WATCH_QUERY))
        .notStarted[id];
    await vi.waitFor(async () => expect(await counts()).toEqual({ skipped: 0, missed: 0 }), PATIENTLY);
    const gate = world.script.gate('dump db');
    await nightly.trigger('SKIP');
    await gate.reached;
    await nightly.trigger('SKIP');
    const title = `skipped once: a run of ${id} was not started`;
    await until(title);
    await renewed();
    await nightly.trigger('SKIP');
    await until(title, 2);
    const once = ['1 skipped: the one before was still running'];
    expect(messages().map((one) => one.lines)).toEqual([once, once]);
    gate.open();
    await vi.waitFor(async () => expect(await world.keys('records/')).toHaveLength(1), PATIENTLY);
  });

  it('tells once that records of runs cannot be written, also across its own renewal, and when they are', async () => {
    const { world, messages, until, renewed } = await watching.watched({ maxEvents: 40 });
    const { create } = world.storage;
    let away = true;
    world.storage.create = async (key, content) => {
      if (away && key.startsWith('records/'))
        throw new SteadyError('storage.denied', {}, { retryable: false });
      return await create(key, content);
    };
    await watching.rig.steady.client.workflow.start('ledger', {
      workflowId: ledgerEntityId(world.stack),
      taskQueue: WORKFLOW_TASK_QUEUE,
      args: [{ snapshot: world.snapshot, pauseSeconds: 1 } satisfies LedgerInput],
    });
    await world.backup();
    const title = 'records of runs cannot be written';
    await until(`stuck begun: ${title}`);
    expect(messages()[0]?.lines).toEqual([
      expect.stringMatching(/^1 wait: storage refused the credentials/) as string,
    ]);
    await renewed();
    away = false;
    expect(await until(`stuck over: ${title}`)).toEqual([`stuck begun: ${title}`, `stuck over: ${title}`]);
    expect(await world.keys('records/')).toHaveLength(1);
  });
});
