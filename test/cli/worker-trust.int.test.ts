import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { builtSteady } from './rig/build.js';
import { runSteady, type Ran } from './rig/run-steady.js';

let folder: string;
let main: string;
const TEXT = `version: 1
stack: shop
storage: { main: { directory: { path: backups } } }
stores: { docs: { files: { path: data } } }
services: { api: { needs: [docs], start: [./start, --port, "80"], stop: [./stop], health: { command: { argv: [curl, -f, "http://api/"] } } } }
checks: { mine: { command: { argv: [./stop] } } }
notify: { pager: { command: { run: [page, "the team"] } } }
`;
const write = (text: string): void => writeFileSync(join(folder, 'steady.yaml'), text);
const trust = (...args: string[]): Promise<Ran> => {
  const env = { ...process.env, XDG_CONFIG_HOME: join(folder, 'config'), STEADY_TRUST: undefined };
  return runSteady(['worker', 'trust', ...args], { main, cwd: folder, env });
};

beforeAll(async () => {
  main = await builtSteady();
  folder = await mkdtemp(join(tmpdir(), 'steady trust '));
  write(TEXT);
}, 120_000);
afterAll(() => rm(folder, { recursive: true, force: true }));

describe('steady worker trust', () => {
  it('shows every command of the file, and trusts nothing where nobody can say yes', async () => {
    const { code, stdout, stderr } = await trust();
    expect(code).toBe(2);
    expect(stderr).toContain('hint: Read the stack file, then: steady worker trust --yes');
    expect(
      stdout.match(/^ {2}\+ .*$/gm)?.map((line) => line.replace(/^ {2}\+ {2}[0-9a-f]{12} +/, '')),
    ).toEqual([
      'services.api.start           ./start --port 80',
      'services.api.stop            ./stop',
      'services.api.health.command  curl -f http://api/',
      'checks.mine.command          ./stop',
      'notify.pager.command         page "the team"',
    ]);
    expect((await trust('--list')).stdout).toMatch(
      /^Nothing is trusted here \(.*config\/steady\/trust\.json\)\.$/m,
    );
  });

  it('trusts a file for the user, says what changed in it later, and takes back what is named', async () => {
    const first = await trust('--yes', '--json');
    const file = join(folder, 'config', 'steady', 'trust.json');
    expect([first.code, first.json.file]).toEqual([0, file]);
    expect((await trust()).stdout).toMatch(/^All that .*steady\.yaml says is trusted here/);

    write(TEXT.replace('[curl, -f,', '[curl, -k,').replace('path: backups', 'path: elsewhere'));
    const { stdout } = await trust('--yes');
    expect(stdout.match(/^ {2}\+ .*$/gm)).toHaveLength(1);
    expect(stdout).toContain('curl -k http://api/');
    expect(stdout).toContain('New or changed in it: storage, services.api\n');

    const { json } = await trust('--list', '--json');
    expect(json.stacks).toHaveLength(2);
    expect(json.commands).toHaveLength(5);
    const digest = (first.json.commands as { digest: string }[])[0]?.digest ?? '';
    expect((await trust('--remove', digest.slice(0, 12), 'shop')).code).toBe(0);
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ stacks: [], commands: { length: 4 } });
    expect(await trust('--remove', 'shop')).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('shop'),
    });
  });
});
