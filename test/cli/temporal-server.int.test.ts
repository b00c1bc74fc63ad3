import { mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { freePorts } from '../services/free-port.js';
import { builtSteady } from './rig/build.js';
import { runSteady } from './rig/run-steady.js';

let folder: string;
let main: string;
beforeAll(async () => {
  main = await builtSteady();
  folder = await mkdtemp(join(tmpdir(), 'steady-no-temporal-'));
  // A folder in the place of the database: the server cannot begin.
  mkdirSync(join(folder, '.steady', 'temporal.db'), { recursive: true });
  writeFileSync(
    join(folder, 'steady.yaml'),
    'version: 1\nstack: shop\nstorage: { main: { directory: { path: b } } }\nstores:\n  f: { files: { path: /srv } }\n',
  );
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

it('ends at once, with what Temporal said, when its server cannot begin', async () => {
  const [port, ui] = (await freePorts(2)) as [number, number];
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config') };
  const begun = Date.now();
  const ran = await runSteady(['--json', 'up', '--port', `${port}`, '--ui-port', `${ui}`], {
    main,
    cwd: folder,
    env,
  });
  expect([ran.code, ran.json.error.code]).toEqual([1, 'tool.failed']);
  expect(ran.json.error.message).toMatch(/tool=temporal exit=1 says=".*database/i);
  // Far below the minutes for which a server that is slow to begin is waited for.
  expect(Date.now() - begun).toBeLessThan(30_000);
});
