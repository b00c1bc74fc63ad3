import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { takeStateFolder } from '../../src/cli/embedded/state-folder.js';
import { endChild } from '../../src/cli/embedded/supervise.js';
import { startTemporal } from '../../src/cli/embedded/temporal-server.js';
import { freePorts } from '../services/free-port.js';
import { toolPath } from '../services/tools.js';
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

const LOST = {
  'which it says':
    'Error: failed starting server: listening on 127.0.0.1:41501: bind: address already in use',
  'over which it panics': [
    'panic: failed assigning ephemeral port: listen tcp 127.0.0.1:0: bind: address already in use',
    'goroutine 1 [running]:',
    'created by go.temporal.io/server/service/worker.(*Service).Start in goroutine 1',
    '\tgo.temporal.io/server@v1.32.0/service/worker/service.go:279 +0x287',
  ].join('\n'),
};

it.each(Object.entries(LOST))('draws other ports when it lost an inner one, %s', async (_, says) => {
  const home = await mkdtemp(join(folder, 'lost-'));
  const lost = join(home, 'a-port');
  const server = join(home, 'temporal');
  writeFileSync(
    server,
    `#!/bin/sh\n[ -e '${lost}' ] || { touch '${lost}'; echo '${says}' >&2; exit 2; }\nexec '${toolPath('temporal')}' "$@"\n`,
    { mode: 0o755 },
  );
  vi.stubEnv('STEADY_TEMPORAL', server);
  const [port, uiPort] = (await freePorts(2)) as [number, number];
  const state = await takeStateFolder(join(home, 'state'), () => undefined);
  try {
    const child = await startTemporal(state, { port, uiPort });
    await endChild(child, 5);
    expect(existsSync(lost)).toBe(true);
  } finally {
    vi.unstubAllEnvs();
    await state.release();
  }
});
