import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { chmod, chown } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createSecrets } from '../../../src/adapters/secrets/read-secret.js';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steady-environment-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function put(name: string, text: string, mode = 0o600): Promise<string> {
  const path = join(folder, name);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  await chmod(path, mode);
  return path;
}
const warnings = (compose?: { files: string[]; envFile?: string }, names: string[] = []) =>
  createSecrets({ env: { XDG_CONFIG_HOME: join(folder, 'config') }, baseFolder: folder }).environmentWarnings(
    { compose, names, units: ['steady-shop', 'steady-worker-main'] },
  );
const open = (name: string, mode = '0644') =>
  `environment file ${name} has mode ${mode}: others can read it; chmod 600 ${name}`;

describe('the files that hold the environment of a stack', () => {
  it('are warned of when others can read them, clones have them, or the example shows what is in them', async () => {
    const text = 'POSTGRES_PASSWORD=changeme-please\nPUBLIC_URL=http://localhost\nTAG=version-one\n';
    await put('.env', text, 0o644);
    await put('.env.example', text, 0o644);
    const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' });
    git('init');
    git('add', '.env');
    expect(await warnings()).toEqual([
      open('.env'),
      'environment file .env is tracked by git, so it is in every clone: git rm --cached .env, and take a new secret',
      'POSTGRES_PASSWORD is the value that .env.example shows to everyone; make one of your own',
    ]);
  });

  it('are warned of when another user owns them', async () => {
    // Only root can give a file away: to others it stays their own.
    const own = process.getuid?.() ?? 0;
    const owner = own === 0 ? 4711 : own;
    await chown(await put('.env', 'API_TOKEN=own-value\n'), owner, -1);
    const warning =
      "environment file .env belongs to user 4711, who can change it: not to the worker's (0) or root; chown 0 .env";
    expect(await warnings()).toEqual(own === 0 ? [warning] : []);
  });

  it('are no matter when only their owner reads them, or nothing in them is a secret', async () => {
    await put('.env', 'POSTGRES_PASSWORD=own-value\n');
    expect(await warnings()).toEqual([]);
    await put('.env', 'TAG=1.2\nPORT=8080\nPOSTGRES_PASSWORD=\n', 0o644);
    expect(await warnings()).toEqual([]);
    // What the stack file takes as a secret is one, whatever it is called.
    expect(await warnings(undefined, ['TAG'])).toEqual([open('.env')]);
  });

  it('are found as compose finds them: beside its files, and where its services name them', async () => {
    const services = `services:
  db: { image: postgres, env_file: db.env }
  api: { image: api, env_file: [{ path: ./api/.env, required: false }, gone.env, "\${WHERE}.env"] }
`;
    await put('deploy/compose.yml', services);
    for (const name of ['deploy/.env', 'deploy/db.env', 'deploy/api/.env', 'more.env'])
      await put(name, 'DB_PASSWORD=own-value\n', 0o640);
    const files = ['deploy/compose.yml'];
    expect(await warnings({ files })).toEqual(
      ['deploy/.env', 'deploy/db.env', 'deploy/api/.env'].map((name) => open(name, '0640')),
    );
    expect(await warnings({ files, envFile: 'more.env' })).toContain(open('more.env', '0640'));
    await put('docker-compose.yaml', 'services: { db: { env_file: more.env } }');
    expect(await warnings({ files: [] })).toEqual([open('more.env', '0640')]);
    await put('docker-compose.yaml', 'services: [');
    expect(await warnings({ files: [] })).toEqual([]);
  });

  it('are also those that an installed unit reads', async () => {
    const name = 'config/steady/steady-worker-main.env';
    await put(name, 'SHOP_PASSWORD=own-value\n', 0o604);
    expect(await warnings()).toEqual([open(name, '0604')]);
  });
});
