import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { runId } from '../../../src/contracts/ids.js';
import type { Message } from '../../../src/contracts/runs/message.js';
import { serve } from '../../adapters/probes/http-server.js';
import { cloneBackups } from '../rig/clone-backups.js';
import { ended, openRun, stepsOf, untilStarted } from '../rig/runs.js';
import { waitFor } from '../rig/wait-for.js';
import { discardedAttempts } from './history.js';
import { HOLD, type Lane } from './lane.js';

/** Procedures as people run them, each to its end and compared with what they must find then. */
export const SCENARIOS = {
  /** A set as the schedule runs it: a service stopped, proofs, retention. */
  async backup(lane: Lane) {
    const before = await backups(lane);
    const going = Object.values(before).flatMap((ids) => ids.slice(-2, -1));
    // As a run begins it locks anew what is kept, and so what will go at its end: another has to go there.
    const older = lane.place === 'locked' ? await cloneBackups(lane.stack, 'small', 1) : [];
    await lane.untilUnlocked(older);
    await lane.cli('backup', 'run', '--plan', 'nightly', '--verify', 'restored');
    const ran = await backups(lane);
    for (const id of older) expect(ran['small']).not.toContain(id);
    if (lane.place === 'locked') {
      await lane.untilUnlocked(going);
      await lane.cli('backup', 'prune');
    }
    const after = await backups(lane);
    for (const store of lane.stores) {
      // One came, one went.
      expect(after[store]?.length).toBe(before[store]?.length);
      expect(before[store]).not.toContain(after[store]?.at(-1));
    }
    expect(await lane.stack.app.healthy()).toBe(true);
  },

  async verify(lane: Lane) {
    const { proofs } = await lane.cli('backup', 'verify', 'latest', '--depth', 'restored');
    expect(proofs).toHaveLength(lane.stores.length);
  },

  /** An old archive, taken in once however often it is tried; it goes with the next retention. */
  async imported(lane: Lane) {
    const { folder } = lane.stack;
    const file = join(folder, `old-${Math.random()}.tar.gz`);
    writeFileSync(join(folder, 'old.txt'), file);
    execFileSync('tar', ['-czf', file, '-C', folder, './old.txt']);
    const { imported } = await lane.cli(
      'backup',
      'import',
      'uploads',
      file,
      '--inside',
      '.',
      '--at',
      '2026-01-01',
    );
    expect(imported).toMatchObject([{ already: false }]);
    const again = await lane.cli('backup', 'import', 'uploads', file);
    expect(again.imported).toMatchObject([{ already: true, backupId: imported[0]?.backupId }]);
    await lane.cli('backup', 'prune', 'uploads');
  },

  async prune(lane: Lane) {
    const before = await backups(lane);
    await lane.untilUnlocked(await cloneBackups(lane.stack, 'small', 2));
    const { lines } = await lane.cli('backup', 'prune');
    expect(lines.filter((one) => one.deleted)).toHaveLength(2);
    expect(await backups(lane)).toEqual(before);
  },

  /** Beside the live data, of all stores. */
  async restore(lane: Lane) {
    const good = await lane.contents();
    await lane.spoil();
    await lane.cli('restore', 'latest');
    expect(await lane.contents()).toBe(good);
    expect(await lane.stack.app.healthy()).toBe(true);
  },

  async inPlace(lane: Lane) {
    const good = await lane.contents();
    await lane.spoil();
    await lane.cli('restore', 'latest', '--in-place');
    expect(await lane.contents()).toBe(good);
    expect(await lane.stack.app.healthy()).toBe(true);
    // What was taken first is the newest, and of spoilt data: no later case may restore it.
    await lane.cli('backup', 'run', '--plan', 'nightly');
  },

  async into(lane: Lane) {
    const { stack } = lane;
    const copy = `${stack.database('small')}_copy`;
    const good = await stack.seeded('small');
    await lane.spoil();
    const spoilt = await lane.contents();
    await lane.cli('restore', 'latest', '--store', 'small', '--into', copy);
    expect(await stack.databases.digest(copy)).toBe(good);
    expect(await lane.contents()).toBe(spoilt);
    await stack.databases.sql('postgres', `DROP DATABASE ${copy} WITH (FORCE)`);
    await lane.heal();
  },

  /** A restore that fails after its cut-over: what it replaced comes back. */
  async putBack(lane: Lane) {
    const { stack } = lane;
    await lane.spoil();
    const spoilt = await lane.contents();
    stack.app.holdHealth(true);
    const asked = stack.steady.cli('restore', 'latest');
    const run = await openRun(stack, 'restore');
    await waitFor('the way back', async () =>
      (await stepsOf(stack, run)).some((one) => one.title.startsWith('Undo:')),
    );
    stack.app.holdHealth(false);
    const { code, json } = await asked;
    expect([code, json.error.code]).toEqual([1, 'service.failed']);
    expect(await lane.contents()).toBe(spoilt);
    expect(await stack.app.healthy()).toBe(true);
    await lane.heal();
  },

  async undo(lane: Lane) {
    const { stack } = lane;
    await lane.spoil();
    const spoilt = await lane.contents();
    const { run } = await lane.cli('restore', 'latest', '--no-wait');
    expect((await ended(stack, run)).outcome).toBe('done');
    await lane.cli('restore', 'undo', run);
    expect(await lane.contents()).toBe(spoilt);
    expect(await stack.app.healthy()).toBe(true);
    await lane.heal();
  },

  /** The end of the time for which replaced data are kept. */
  async released(lane: Lane) {
    const { stack } = lane;
    stack.file.write(stack.file.text.replace(HOLD, 'hold: 1s'));
    await lane.cli('apply');
    const before = await stack.databases.named(stack.database('small'));
    const { run } = await lane.cli('restore', 'latest', '--no-wait');
    expect((await ended(stack, run)).outcome).toBe('done');
    const hold = runId('hold', 'crash', run.slice(-8));
    expect((await ended(stack, hold)).outcome).toBe('done');
    expect(await stack.databases.named(stack.database('small'))).toEqual(before);
    stack.file.write(stack.file.text);
    await lane.cli('apply');
  },

  async sweep(lane: Lane) {
    const id = await lane.litter();
    const left = await lane.left();
    expect(left).toContain(id);
    expect(left.filter((one) => one.startsWith('unfinished '))).not.toEqual([]);
    await lane.expectSwept();
  },

  /** A dump whose session is ended half-way: what that attempt stored goes without a sweep. */
  async discard(lane: Lane) {
    const { stack } = lane;
    const database = stack.database('small');
    // Large enough to be met while it is copied.
    const bulk = `CREATE TABLE bulk AS SELECT i, repeat(md5(i::text), 4) FROM generate_series(1, 400000) i`;
    await stack.databases.sql(database, bulk);
    const asked = lane.cli('backup', 'run', 'small');
    await waitFor(
      'a session of the dump to end',
      async () =>
        (await stack.databases.sql(
          'postgres',
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '${database}' AND query LIKE 'COPY%'`,
        )) !== '',
      { every: 2 },
    );
    await asked;
    await waitFor('what failed by itself to be gone', async () => {
      const discarded = await discardedAttempts(stack);
      const { data } = await lane.stored('small');
      const left = data.filter((id) => discarded.includes(id));
      if (left.length > 0) throw new Error(`left: ${left.join(', ')}`);
      return discarded.length > 0;
    });
    // An attempt that the killed worker was at meanwhile is nobody's to discard: a sweep takes it, at the end of the lane.
    await lane.heal();
  },

  /** A run that somebody terminates in Temporal: whoever comes next waits until it is surely gone. */
  async terminated(lane: Lane) {
    const { stack } = lane;
    const { client } = await stack.client();
    await lane.cli('backup', 'run', 'small', '--no-wait');
    const run = await openRun(stack, 'backup');
    await untilStarted(stack, run, 'dumpStore');
    for (const id of [await openRun(stack, 'backup-store'), run])
      await client.workflow.getHandle(id).terminate('by hand');
    await lane.spoil();
    await lane.cli('restore', 'latest');
  },

  /** What is applied is kept in storage by its digest. */
  async apply(lane: Lane) {
    const { stack } = lane;
    const text = `${stack.file.text}# ${Math.random()}\n`;
    stack.file.write(text);
    const { config } = await lane.cli('apply');
    await waitFor('the applied file in storage', async () =>
      (await stack.stored.names('config')).includes(`${config}.yaml`),
    );
    stack.file.write(stack.file.text);
    await lane.cli('apply');
  },

  /** Stopped, started, restarted: as asked, each time. */
  async services(lane: Lane) {
    const { app } = lane.stack;
    await lane.cli('stop', 'app');
    expect(await app.healthy()).toBe(false);
    await lane.cli('start', 'app');
    expect(await app.healthy()).toBe(true);
    const { services } = await lane.cli('restart', 'app');
    expect(services).toEqual([{ service: 'app', before: 'running', after: 'running' }]);
    expect(await app.healthy()).toBe(true);
    expect((await lane.cli('logs', 'app')).lines).toEqual(['listening']);
    // One that does not become healthy: its log is shown, and it is left for people.
    app.holdHealth(true);
    const { code, json } = await lane.stack.steady.cli('restart', 'app');
    app.holdHealth(false);
    expect([code, json.error.code]).toEqual([1, 'service.failed']);
    expect(await app.healthy()).toBe(true);
  },

  /** An old one, which stays beside those that retention keeps. */
  async keep(lane: Lane) {
    const [old = ''] = await cloneBackups(lane.stack, 'small', 1);
    await lane.cli('backup', 'keep', old, '--until', tomorrow(), '--reason', 'a test');
    await lane.cli('backup', 'prune', 'small');
    expect((await backups(lane))['small']).toContain(old);
  },

  async looks(lane: Lane) {
    const newest = (await backups(lane))['small']?.at(-1) ?? '';
    await lane.cli('backup', 'show', newest);
    await reachesAll(lane, 'status');
    await lane.cli('health');
    if (lane.place === 'locked') await lane.cli('key', 'test');
  },

  check: (lane: Lane) => reachesAll(lane, 'check'),

  /** What the watch finds and how a run ends come to a receiver, under one id an event. */
  async told(lane: Lane) {
    const { stack } = lane;
    const receiver = await serve((_request, response) => response.end());
    writeFileSync(join(stack.folder, 'hook.url'), receiver.url);
    const watched = stack.file.text.replace(HOLD, `${HOLD}, watch: 1s`).replace('keep:', 'rpo: 1s, keep:');
    stack.file.write(
      `${watched}notify: { hook: { webhook: { url: { file: hook.url } }, on: [rpo, done] } }\n`,
    );
    await lane.cli('apply');
    const events = (): string[][] =>
      receiver.seen.map((one) => {
        const { id, event, state, title } = JSON.parse(one.body) as Message;
        return [id, `${event} ${state ?? ''}: ${title}`];
      });
    const about = (text: string): string[] => [
      ...new Set(events().flatMap(([id = '', words = '']) => (words.startsWith(text) ? [id] : []))),
    ];
    await waitFor('the watch to tell', () => about('rpo begun: small has no verified backup').length > 0);
    await lane.cli('backup', 'run', 'uploads');
    await waitFor('the end of a run to be told', () => about('done : backup of crash').length > 0);
    expect(about('rpo begun: small')).toHaveLength(1);
    expect(about('done : backup')).toHaveLength(1);
    stack.file.write(stack.file.text);
    await lane.cli('apply');
    await receiver.close();
  },
} as const;

export type Scenario = keyof typeof SCENARIOS;

/**
 * A look to its end. Storage that is cut is what it has to tell, with an exit code of its own; the next one finds it
 * again. Locks are short here: what is kept and no longer locked is for `status` to tell, and no fault of its.
 */
async function reachesAll(lane: Lane, command: 'status' | 'check'): Promise<void> {
  const look = async (): Promise<unknown[]> => {
    const { code, json } = await lane.stack.steady.cli(command);
    const unlocked = code === 1 && command === 'status' && json.stores.some((one) => one.unlocked);
    return [command, unlocked ? 0 : code, json.error];
  };
  if (!lane.armed().some(({ victim }) => victim === 'storage'))
    return expect(await look()).toEqual([command, 0, undefined]);
  await waitFor(`${command} reaches all`, async () => (await look())[1] === 0);
}

const tomorrow = (): string => new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);

/** Ids by store, oldest first. */
async function backups(lane: Lane): Promise<Record<string, string[]>> {
  const { backups: listed } = await lane.cli('backup', 'list');
  const byStore: Record<string, string[]> = {};
  for (const { store, id } of listed) (byStore[store] ??= []).push(id);
  for (const ids of Object.values(byStore)) ids.sort();
  return byStore;
}
