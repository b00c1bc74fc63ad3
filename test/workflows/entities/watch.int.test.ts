import { defineSearchAttributeKey, SearchAttributeType, TypedSearchAttributes } from '@temporalio/common';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createMemoryStorage } from '../../../src/adapters/storage/memory.js';
import { applySchedules } from '../../../src/client/schedules.js';
import { startWatch } from '../../../src/client/watch.js';
import { SteadyError } from '../../../src/contracts/failures.js';
import { runId } from '../../../src/contracts/ids.js';
import { WATCH_QUERY, type WatchState } from '../../../src/contracts/runs/watch.js';
import { PATIENTLY } from '../patience.js';
import type { World } from '../world.js';
import { startWatching, type Watching } from './watched.js';

let watching: Watching;
beforeAll(async () => {
  watching = await startWatching();
});
afterAll(() => watching.close());

/** A promise that is soon broken. */
const SOON = { rpo: '4s' };

const LATE = 'db has no verified backup within its RPO of 4s';
const PAUSED = 'the backup of plan nightly is paused';
const GONE = 'nothing starts the backup of plan nightly any more';

describe.concurrent('the watch of a stack', () => {
  it('tells once that an RPO is exceeded while its schedule is paused, and when it is over', async () => {
    const first = (stack: World): Promise<unknown> => stack.backup();
    const { world, nightly, messages, told, until } = await watching.watched({ ...SOON, first });
    await nightly.pause('the disk is full');
    await until(`skipped begun: ${PAUSED}`);
    await until(`rpo begun: ${LATE}`);
    const [paused, late] = ['skipped', 'rpo'].map((event) => messages().find((one) => one.event === event));
    expect(paused?.lines).toEqual([`schedule backup.${world.stack}.nightly: the disk is full`]);
    expect(late?.lines[0]).toMatch(/^newest verified backup: \d{8}T\d{6}Z-\w{8}, \d+s old$/);
    expect(late?.next).toContain('steady backup run db');
    // On a busy machine the next look may come when this one is too old again.
    await vi.waitFor(async () => {
      await world.backup();
      expect(told()).toContain(`rpo over: ${LATE}`);
    }, PATIENTLY);
    await nightly.unpause();
    await until(`skipped over: ${PAUSED}`);
    expect(told().filter((one) => one.includes(PAUSED))).toHaveLength(2);
  });

  it('tells that an RPO is exceeded when somebody has removed the schedule, until it is applied again', async () => {
    const { world, nightly, told, until } = await watching.watched(SOON);
    await nightly.delete();
    await until(`skipped begun: ${GONE}`);
    await until(`rpo begun: ${LATE}`);
    await applySchedules(watching.rig.steady, world.snapshot);
    await startWatch(watching.rig.steady, world.snapshot);
    await until(`skipped over: ${GONE}`);
    expect(told().filter((one) => one.startsWith('rpo'))).toEqual([`rpo begun: ${LATE}`]);
  });

  it('tells of a run that no worker takes, again while it lasts, and across its own renewal', async () => {
    const { world, until, renewed } = await watching.watched({ maxEvents: 40, againSeconds: 3 });
    const handle = await watching.rig.steady.client.workflow.start('restore', {
      workflowId: runId('restore', world.stack, 'nobody'),
      taskQueue: 'nobody-serves-this',
      typedSearchAttributes: new TypedSearchAttributes([
        { key: defineSearchAttributeKey('SteadyStack', SearchAttributeType.KEYWORD), value: world.stack },
      ]),
    });
    const title = `${handle.workflowId} does not get on`;
    await until(`stuck begun: ${title}`);
    await until(`stuck lasting: ${title}`);
    await renewed();
    await handle.terminate();
    const all = await until(`stuck over: ${title}`);
    expect(all.filter((one) => one === `stuck begun: ${title}`)).toHaveLength(1);
  });

  it('says that nobody can tell when storage cannot be listed, and takes nothing that was wrong for mended', async () => {
    const { world, watch, told, until } = await watching.watched(SOON);
    await until(`rpo begun: ${LATE}`);
    world.storage.list = () => {
      throw new SteadyError('storage.denied', {}, { retryable: false });
    };
    await until('rpo begun: nobody can tell whether backups are as promised');
    expect(told()).not.toContain(`rpo over: ${LATE}`);
    const state = await watch.query<WatchState>(WATCH_QUERY);
    expect(state.open.map((one) => one.key).sort()).toEqual(['blind', 'rpo.db']);
  });

  it('tells once that somebody tampered with locked storage, and when what was put there is gone', async () => {
    const storage = createMemoryStorage({ locks: true });
    const { world, messages, told, until, looked } = await watching.watched({ storage, tamperingSeconds: 5 });
    const { db: id } = await world.backup();
    const key = `manifests/db/${id}.json`;
    storage.tampering.overwrite(key, Buffer.from('forged'));
    storage.tampering.hide(key);
    const title = 'sealed objects in storage were tampered with';
    await until(`suspect begun: ${title}`);
    expect(messages()[0]?.lines).toEqual([
      'they are read as they were sealed',
      expect.stringMatching(`^a newer version and a delete marker over ${key} since \\d{4}-`),
    ]);
    // A look in between does not list all of storage: what was found stays so.
    await looked();
    expect(told()).toEqual([`suspect begun: ${title}`]);
    await storage.delete(key);
    expect(await until(`suspect over: ${title}`)).toEqual([
      `suspect begun: ${title}`,
      `suspect over: ${title}`,
    ]);
  });
});
