import { chmod, chown, mkdir, rm, stat, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readAllowed, writeAllowed } from '../../src/config/allow-file.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import type { Stack } from '../../src/contracts/stack/stack.js';
import { createTrust } from '../../src/workers/trust.js';
import { createSite, type Site } from './site.js';
import { trusting } from './trusting.js';
import '../workflows/quiet.js';

let site: Site;
const file = (): string => join(site.folder, 'trust.json');
const executed = (name: string): boolean => existsSync(join(site.folder, name));
/** The stack as somebody would start a run with who reaches Temporal, and no worker's machine. */
const forged = (change: Partial<Stack>): StackSnapshot => ({
  ...site.snapshot,
  stack: { ...site.snapshot.stack, ...change },
});
const check = (snapshot?: StackSnapshot): Promise<unknown> => site.run('check', { stores: [] }, snapshot);
const touch = (path: string) => ({ command: { argv: ['touch', join(site.folder, path)] } });

beforeAll(async () => {
  site = await createSite({
    stack: (folder) => ({ checks: { mine: { command: { argv: ['touch', join(folder, 'checked')] } } } }),
    trust: (folder) => Promise.resolve(createTrust(() => join(folder, 'trust.json'))),
  });
});
afterAll(() => site.close());
beforeEach(async () => {
  await rm(file(), { force: true });
  await rm(join(site.folder, 'checked'), { force: true });
});

describe('a worker with an allow file', () => {
  it('does nothing for a stack that is not in it, and says what is new', async () => {
    await expect(site.run('backup', { stores: ['docs'] })).rejects.toMatchObject({ code: 'trust.missing' });
    await expect(check()).rejects.toMatchObject({
      code: 'trust.missing',
      message: expect.stringMatching(
        /^the worker does not trust this stack as it is now \[stack=site-\S+ commands=checks.mine.command changed=".*storage, .*stores.docs.*" file=".*trust.json"\]$/,
      ) as string,
      hint: expect.stringContaining('`steady worker trust`') as string,
    });
    expect(executed('checked')).toBe(false);
  });

  it('carries out what is in it, and executes no other command', async () => {
    await trusting(site.folder, site.snapshot);
    await check();
    expect(executed('checked')).toBe(true);
    const own = forged({ checks: { mine: touch('forged') } });
    await expect(check(own)).rejects.toMatchObject({
      code: 'trust.missing',
      message: expect.stringContaining('commands=checks.mine.command changed=checks.mine file=') as string,
    });
    expect(executed('forged')).toBe(false);
  });

  it.each<[string, Partial<Stack>]>([
    ['storage', { storage: { main: { directory: { path: '/tmp/elsewhere' } }, pieceLimit: 1 } }],
    ['approvers', { approvers: [{ name: 'eve', key: `ed25519:${'A'.repeat(43)}`, roles: ['operator'] }] }],
    ['checks.mine', { checks: {} }],
    ['notify.eve', { notify: { eve: { webhook: { url: { env: 'HOME' } } } } }],
  ])('refuses a run whose stack file differs in %s', async (part, change) => {
    await trusting(site.folder, site.snapshot);
    await expect(check(forged(change))).rejects.toMatchObject({
      code: 'trust.missing',
      message: expect.stringContaining(`changed=${part} file=`) as string,
    });
  });

  it('refuses what was trusted as soon as it is taken out', async () => {
    await trusting(site.folder, site.snapshot);
    await check();
    await writeAllowed(file(), { ...readAllowed(file()), stacks: [] });
    await expect(check()).rejects.toMatchObject({ code: 'trust.missing' });
  });

  it('believes no file that others can change', async () => {
    await trusting(site.folder, site.snapshot);
    expect((await stat(file())).mode & 0o777).toBe(0o600);
    await chmod(file(), 0o620);
    await expect(check()).rejects.toMatchObject({
      code: 'trust.unsafe',
      message: expect.stringContaining('mode=620') as string,
    });
    await chmod(file(), 0o600);
    const refusal = (message: string) =>
      expect.objectContaining({ code: 'trust.unsafe', message: expect.stringContaining(message) as string });
    if (process.getuid?.() === 0) {
      await chown(file(), 65_534, 65_534);
      expect(() => readAllowed(file())).toThrow(refusal('owner=65534'));
    }
    await rm(file());
    await writeFile(file(), '{}', { mode: 0o600 });
    expect(() => readAllowed(file())).toThrow(refusal('not an allow file'));
    await rm(file());
    await mkdir(file(), { mode: 0o700 });
    expect(() => readAllowed(file())).toThrow(refusal('not an allow file'));
    await rm(file(), { recursive: true });
  });
});
