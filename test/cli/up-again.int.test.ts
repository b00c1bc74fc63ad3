import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { connect } from '../../src/client/connect.js';
import { createShop, type ShopStack } from './rig/stack.js';

/** A typo in the afternoon and a power cut at night: what was applied goes on. */

let shop: ShopStack;
beforeAll(async () => {
  shop = await createShop();
}, 180_000);
afterAll(() => shop.close());

/** In a place of its own: commands beside the stack file find it all the same. */
const state = (): string => join(shop.folder, 'kept elsewhere');
const start = (): Promise<void> => shop.up.start('--state', state());
const broken = (): void => shop.file.write(shop.file.text.replace('plans:', 'plan:'));

/** Id and time of each schedule, as Temporal has them. */
async function schedules(): Promise<Record<string, unknown>> {
  const { client, close } = await connect({ address: `127.0.0.1:${shop.up.port}`, config: shop.folder });
  const found: Record<string, unknown> = {};
  for await (const { scheduleId } of client.schedule.list()) {
    const { action, state } = await client.schedule.getHandle(scheduleId).describe();
    found[scheduleId] = [(action.memo as { cron?: string } | undefined)?.cron, state.paused];
  }
  await close();
  return found;
}

const AS_APPLIED = {
  'backup.shop.nightly': ['30 3 * * *', false],
  'sweep.shop.daily': ['45 4 * * *', false],
};

describe('steady up', () => {
  it('refuses to begin with a broken or a missing file, and leaves nothing behind', async () => {
    broken();
    const refused = await shop.steady('--json', 'up', '--port', String(shop.up.port));
    expect([refused.code, refused.json.error.code]).toEqual([2, 'config.invalid']);
    rmSync(shop.file.path);
    const missing = await shop.steady('--json', 'up', '--port', String(shop.up.port));
    expect([missing.code, missing.json.error.code]).toEqual([2, 'config.missing']);
    expect(existsSync(join(shop.folder, '.steady'))).toBe(false);
    shop.file.write(shop.file.text);
  });

  it('comes up again with what was applied when the file is broken, and says what is wrong with it', async () => {
    await start();
    expect(await schedules()).toEqual(AS_APPLIED);
    broken();
    await shop.up.kill();
    await start();
    expect(shop.up.words()).toMatch(/^steady\.yaml:\d+:1 plan: unknown field; did you mean "plans"\?$/m);
    expect(shop.up.words()).toMatch(/^not applied: what ran before goes on; mend it .* kill -HUP \d+$/m);
    expect(shop.up.words()).toMatch(/^stack shop goes on as applied \d{4}-\S+Z by ana$/m);
    expect(await schedules()).toEqual(AS_APPLIED);

    // The worker is there as well: what a schedule starts is done.
    const steady = await connect({ address: `127.0.0.1:${shop.up.port}`, config: shop.folder });
    await steady.client.schedule.getHandle('backup.shop.nightly').trigger();
    await steady.close();
    shop.file.write(shop.file.text);
    await vi.waitFor(async () => {
      const { runs } = await shop.json('runs');
      expect(runs).toMatchObject([{ run: expect.stringMatching(/^backup\.shop\.nightly/), outcome: 'done' }]);
    }, 60_000);
  });

  it('applies the file at the next SIGHUP once it is right', async () => {
    shop.file.write(shop.file.text.replace('30 3 * * *', '15 2 * * *'));
    expect((await shop.steady('--json', 'status')).json.config).toBe('differs');
    shop.up.hangUp();
    await vi.waitFor(async () => {
      expect((await schedules())['backup.shop.nightly']).toEqual(['15 2 * * *', false]);
      expect((await shop.steady('--json', 'status')).json.config).toBe('same');
    }, 60_000);
  });

  it('executes no command that came into the file since its start before somebody has said so', async () => {
    const text = shop.file.text.replace('30 3 * * *', '15 2 * * *');
    shop.file.write(`${text}checks: { alive: { command: { argv: [echo, still here] } } }\n`);
    shop.up.hangUp();
    await vi.waitFor(() => {
      expect(shop.up.words()).toMatch(
        /^the worker does not trust .* \[stack=shop commands=checks\.alive\.command\]\nnot applied: /m,
      );
    }, 60_000);
    expect(await shop.steady('--json', 'apply')).toMatchObject({
      code: 3,
      json: { error: { code: 'trust.missing', hint: expect.stringContaining('`steady worker trust`') } },
    });
    const asked = await shop.steady('--json', 'check');
    expect([asked.code, asked.json.error.code]).toEqual([3, 'trust.missing']);

    const said = shop.typing('ana', 'yes\n', 'worker', 'trust');
    expect(said.stdout).toMatch(/\+ {2}[0-9a-f]{12} {2}checks\.alive\.command {2,}echo "still here"/);
    expect(said.stdout).toMatch(/= {2}[0-9a-f]{12} {2}stores\.cache\.redis\.process\.start/);
    expect(said.code).toBe(0);
    expect((await shop.steady('--json', 'apply')).code).toBe(0);
    expect((await shop.steady('check')).stdout).toContain('✓ checks.alive: still here');
    shop.file.write(text);
    await shop.json('apply');
  });

  it('comes up again also when the file is gone', async () => {
    rmSync(shop.file.path);
    await shop.up.kill();
    await start();
    expect(shop.up.words()).toMatch(/^no stack file \[path=steady\.yaml reason=ENOENT\]\nnot applied: /m);
    expect((await schedules())['backup.shop.nightly']).toEqual(['15 2 * * *', false]);
  });

  it('goes on with what was applied when a good file cannot be applied', async () => {
    const steady = await connect({ address: `127.0.0.1:${shop.up.port}`, config: shop.folder });
    await steady.client.schedule.create({
      scheduleId: 'backup.shop.weekly',
      spec: { cronExpressions: ['0 1 * * 0'] },
      action: { type: 'startWorkflow', workflowType: 'other', taskQueue: 'others' },
    });
    await steady.close();
    shop.file.write(shop.file.text.replace('nightly:', 'weekly:'));
    await shop.up.kill();
    await start();
    expect(shop.up.words()).toMatch(/^a schedule of this name is not ours .*\nnot applied: /m);
    expect((await schedules())['backup.shop.nightly']).toEqual(['15 2 * * *', false]);
  });

  it('does not come up with an empty database and a broken file: nothing is applied there', async () => {
    await shop.up.stop();
    rmSync(join(state(), 'temporal.db'));
    broken();
    const { code, json } = await shop.steady('--json', 'up', '--port', String(shop.up.port));
    expect([code, json.error.code]).toEqual([2, 'config.invalid']);
  });
});
