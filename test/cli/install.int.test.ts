import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { builtSteady } from './rig/build.js';
import { runSteady, type Ran } from './rig/run-steady.js';

/** A folder whose name holds all that systemd reads as something of its own. */
let folder: string;
let main: string;
beforeAll(async () => {
  main = await builtSteady();
  folder = join(mkdtempSync(join(tmpdir(), 'steady-install-')), 'a 100% "odd" $HOME\\ folder');
  mkdirSync(folder);
  writeFileSync(
    join(folder, 'steady.yaml'),
    `version: 1
stack: shop
storage: { main: { directory: { path: backups } } }
stores: { db: { postgres: { database: shop, user: shop, password: { env: SHOP_PASSWORD } } } }
plans: { nightly: { schedule: "30 3 * * *", stores: [db] } }
`,
  );
}, 120_000);
afterAll(() => rmSync(join(folder, '..'), { recursive: true, force: true }));

const steady = (...args: string[]): Promise<Ran> =>
  runSteady(args, {
    main,
    cwd: folder,
    env: { ...process.env, NO_COLOR: '1', TEMPORAL_ADDRESS: 'steady.example:7233' },
  });
/** What systemd finds wrong with a unit; it says nothing about a good one. */
const verify = (unit: string): string =>
  execFileSync('systemd-analyze', ['verify', '--man=no', unit], { encoding: 'utf8', stdio: 'pipe' });
const show = (unit: string, name: string): string | undefined =>
  readFileSync(unit, 'utf8')
    .split('\n')
    .find((line) => line.startsWith(`${name}=`));

it('writes a unit that systemd takes, and a file for secrets that its owner alone reads', async () => {
  const { code, stdout } = await steady('up', '--port', '7444', '--install', 'units');
  const unit = join(folder, 'units', 'steady-shop.service');
  const variables = join(folder, 'units', 'steady-shop.env');
  expect([code, stdout.split('\n')]).toEqual([
    0,
    [
      `unit: ${unit}`,
      `variables: ${variables}`,
      'Nothing was started.',
      `Give SHOP_PASSWORD a value in ${variables}.`,
      expect.stringMatching(/^Then: systemctl (--user )?enable --now steady-shop\.service$/),
      ...(process.getuid?.() === 0 ? [] : [expect.stringContaining('enable-linger')]),
      '',
    ],
  ]);
  expect(verify(unit)).toBe('');
  expect(show(unit, 'ExecStart')).toMatch(/main\.js" "up" "--port" "7444"$/);
  expect(show(unit, 'WorkingDirectory')).toBe(`WorkingDirectory=${folder.replace('%', '%%')}`);
  expect(statSync(variables).mode & 0o777).toBe(0o600);
  expect(readFileSync(variables, 'utf8')).toMatch(/^SHOP_PASSWORD=$/m);
});

it('never writes over a value somebody has given', async () => {
  const variables = join(folder, 'units', 'steady-shop.env');
  writeFileSync(variables, 'SHOP_PASSWORD=kept');
  chmodSync(variables, 0o600);
  const { json } = await steady('--json', 'up', '--install', 'units');
  expect(json).toMatchObject({ empty: [], started: false });
  expect(readFileSync(variables, 'utf8')).toBe('SHOP_PASSWORD=kept');
});

it('does the same for a worker on another machine, which needs the address alone', async () => {
  mkdirSync(join(folder, 'other'), { recursive: true });
  const { code } = await steady('--config', 'other', 'worker', '--site', 'berlin', '--install', 'units');
  const unit = join(folder, 'units', 'steady-worker-berlin.service');
  expect(code).toBe(0);
  expect(verify(unit)).toBe('');
  expect(show(unit, 'ExecStart')).toMatch(/"worker" "--site" "berlin" "--address" "steady\.example:7233"$/);
});

it('writes nothing for wrong usage', async () => {
  const { code, stderr } = await steady('up', '--port', '99999', '--install', 'nowhere');
  expect([code, stderr]).toEqual([2, expect.stringContaining('port=99999')]);
  expect(() => statSync(join(folder, 'nowhere'))).toThrow('ENOENT');
});
