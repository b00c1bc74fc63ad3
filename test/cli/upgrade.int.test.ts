import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.js';
import { VERSION } from '../../src/contracts/version.js';
import { freePort } from '../services/free-port.js';
import { builtSteady } from './rig/build.js';
import { createShop, type ShopStack } from './rig/stack.js';

/**
 * docs/upgrade.md, step by step. The older release is a build of the same code under another version: what a worker of
 * a later one makes of histories that really differ is what the kept ones test (test/histories).
 */

const OLD = '0.0.9';
let releases: string;
let newer: string;
let shop: ShopStack;
let metrics: number;

beforeAll(async () => {
  newer = dirname(dirname(await builtSteady()));
  // Beside the build, where its packages are found.
  releases = mkdtempSync(join(dirname(newer), 'releases-'));
  const older = join(releases, OLD);
  cpSync(newer, older, { recursive: true });
  const version = join(older, 'contracts', 'version.js');
  writeFileSync(version, readFileSync(version, 'utf8').replace(VERSION, OLD));
  install(older);
  shop = await createShop({ main: join(releases, 'current', 'cli', 'main.js') });
  metrics = await freePort();
  await shop.up.start('--metrics', `${metrics}`);
}, 180_000);
afterAll(async () => {
  await shop?.close();
  rmSync(releases, { recursive: true, force: true });
});

/** Has another release answer to the name `steady`, as `npm install --global` does. */
function install(release: string): void {
  rmSync(join(releases, 'current'), { force: true });
  symlinkSync(release, join(releases, 'current'));
}

async function upgradeTo(release: string): Promise<void> {
  await shop.up.stop();
  install(release);
  await shop.up.start('--metrics', `${metrics}`);
}

/** The versions of the command and of the worker that runs. */
async function versions(): Promise<unknown[]> {
  const { stdout } = await shop.steady('--version');
  const text = await (await fetch(`http://127.0.0.1:${metrics}/metrics`)).text();
  return [stdout.trim(), /steady_build_info\{version="([^"]+)"/.exec(text)?.[1]];
}

async function schedules(): Promise<string[]> {
  const steady = await connect({ address: `127.0.0.1:${shop.up.port}`, config: shop.folder });
  const found: string[] = [];
  for await (const { scheduleId } of steady.client.schedule.list()) found.push(scheduleId);
  await steady.close();
  return found.sort();
}

const orders = (): string => shop.postgres.sql('shop', 'SELECT count(*) FROM orders').trim();

async function approved(run: string, digest: string): Promise<void> {
  const { stderr } = await shop.as('ben', 'approve', run, '--digest', digest);
  expect(stderr).toBe('');
  const ended = await shop.steady('show', run, '--watch');
  expect([ended.code, ended.stderr]).toEqual([0, '']);
}

describe('a new release under runs in flight', () => {
  let waiting: string;
  let digest: string;
  let held: string;
  const kept = async (): Promise<unknown> => (await shop.json('status')).kept;
  let before: { readonly kept: unknown; readonly schedules: string[] };

  it('begins with the older one: a restore that is held for a week, and one that waits for an approval', async () => {
    expect(await versions()).toEqual([OLD, OLD]);
    await shop.json('backup', 'run');
    shop.postgres.sql('shop', 'DELETE FROM orders WHERE id <= 500');
    ({ run: held } = await shop.json('restore', 'latest', '--store', 'db', '--no-wait'));
    await approved(held, await shop.untilAsked(held));
    expect(orders()).toBe('2000');
    ({ run: waiting } = await shop.json('restore', 'latest', '--store', 'cache', '--no-wait'));
    digest = await shop.untilAsked(waiting);
    shop.redis.feed('SET greeting overwritten\n');
    before = { kept: await kept(), schedules: await schedules() };
    expect(before).toMatchObject({
      kept: [{ restore: held, stores: ['db'] }],
      schedules: ['backup.shop.nightly', 'sweep.shop.daily'],
    });
  });

  it('answers with the newer one afterwards, with the same schedules, runs and holds', async () => {
    await upgradeTo(newer);
    expect(await versions()).toEqual([VERSION, VERSION]);
    expect({ kept: await kept(), schedules: await schedules() }).toEqual(before);
    const { approvals } = await shop.json('status');
    expect(approvals).toMatchObject([{ run: waiting, asked: { digest } }]);
  });

  it('ends what the older one began: the approval that was asked for, and the way back', async () => {
    await approved(waiting, digest);
    expect(shop.redis.cli('GET', 'greeting')).toBe('hello');
    const { run: undo } = await shop.json('restore', 'undo', held, '--no-wait');
    await approved(undo, await shop.untilAsked(undo));
    expect(orders()).toBe('1500');
  });

  it('goes back to the older one, which finds all of it and goes on', async () => {
    await upgradeTo(join(releases, OLD));
    expect(await versions()).toEqual([OLD, OLD]);
    expect(await schedules()).toEqual(before.schedules);
    await shop.json('backup', 'run', 'db');
    await vi.waitFor(async () => {
      const { code, json } = await shop.steady('--json', 'evidence', 'verify');
      expect([code, json.temporal.unrecorded]).toEqual([0, []]);
    }, 30_000);
  });
});
