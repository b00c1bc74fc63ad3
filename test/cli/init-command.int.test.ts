import { existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Decrypter, Encrypter } from 'age-encryption';
import { afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { builtSteady } from './rig/build.js';
import { runSteady, type Ran } from './rig/run-steady.js';

const COMPOSE = `services:
  web:
    image: ghcr.io/example/wiki:4
    depends_on: { db: { condition: service_healthy }, cache: { condition: service_started } }
    environment:
      DATABASE_URL: postgres://wiki:\${DB_PASSWORD}@db:5432/wiki
    ports: ["8080:3000"]
    healthcheck: { test: ["CMD", "wget", "-qO-", "http://localhost:3000/health"] }
    volumes: [uploads:/app/uploads]
  db:
    image: postgres:15
    environment: { POSTGRES_USER: wiki, POSTGRES_DB: wiki, POSTGRES_PASSWORD: "\${DB_PASSWORD}" }
    volumes: [db:/var/lib/postgresql/data]
  cache:
    image: redis:7
    command: redis-server --appendonly yes
volumes: { db: {}, uploads: {} }
`;

let folder: string;
let main: string;
beforeAll(async () => {
  main = await builtSteady();
}, 120_000);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-init-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const steady = (...args: string[]): Promise<Ran> =>
  runSteady(args, { main, cwd: folder, env: { ...process.env, XDG_CONFIG_HOME: join(folder, 'config') } });
const all = (): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort();

describe('steady init', () => {
  it('writes a steady.yaml that passes the check, and the proof worker’s key', async () => {
    writeFileSync(join(folder, 'docker-compose.yml'), COMPOSE);
    const { code, json } = await steady('--json', 'init');
    expect(code).toBe(0);
    const made = ['.steady', '.steady/proof.key', 'docker-compose.yml', 'steady-backups', 'steady.yaml'];
    expect(all()).toEqual(made);
    expect(statSync(join(folder, 'steady-backups')).mode & 0o777).toBe(0o700);
    const yaml = readFileSync(join(folder, 'steady.yaml'), 'utf8');
    expect(yaml).toContain(
      'postgres: { service: db, database: wiki, user: wiki, password: { env: DB_PASSWORD } }',
    );
    const checked = await steady('--json', 'check', '--file');
    expect([checked.code, checked.json.valid, checked.json.warnings]).toEqual([0, true, []]);

    const proof = /^AGE-SECRET-KEY-1\S+$/m.exec(readFileSync(json.identityFile as string, 'utf8'))?.[0] ?? '';
    expect(statSync(json.identityFile as string).mode & 0o777).toBe(0o600);
    expect(yaml).not.toContain('AGE-SECRET-KEY');
    // Each of the two identities opens what is encrypted to both recipients.
    const encrypter = new Encrypter();
    const { recipients } = json as { recipients: { proof: string; offline: string } };
    for (const one of Object.values(recipients)) {
      expect(yaml).toContain(one);
      encrypter.addRecipient(one);
    }
    const file = await encrypter.encrypt('a backup');
    for (const identity of [proof, json.offlineIdentity as string]) {
      const decrypter = new Decrypter();
      decrypter.addIdentity(identity);
      expect(await decrypter.decrypt(file, 'text')).toBe('a backup');
    }
  });

  it('tells people what to do next, and shows the offline key once', async () => {
    writeFileSync(join(folder, 'compose.yaml'), COMPOSE);
    const { stdout } = await steady('init');
    expect(stdout).toMatch(/^Wrote .*steady\.yaml\. Look it over, then run: steady check --file$/m);
    expect(stdout).toMatch(/^Backups go to .*\/steady-backups, made now, for you alone\. A disk/m);
    expect(stdout).toMatch(/^ {2}AGE-SECRET-KEY-1[A-Z0-9]{58}$/m);
    for (const name of all().filter(
      (one) => existsSync(join(folder, one)) && statSync(join(folder, one)).isFile(),
    )) {
      const offline = /^ {2}(AGE-SECRET-KEY-1\S+)$/m.exec(stdout)?.[1] ?? 'none';
      expect(readFileSync(join(folder, name), 'utf8')).not.toContain(offline);
    }
  });

  it('reads what Compose would: overrides, .env, a project in another folder', async () => {
    mkdirSync(join(folder, 'deploy'));
    const deploy = (name: string, text: string) => writeFileSync(join(folder, 'deploy', name), text);
    deploy(
      'compose.yml',
      'services:\n  db: { image: "postgres:${PG}", volumes: ["db:/var/lib/postgresql/data"] }\n',
    );
    deploy('compose.override.yml', 'services: { web: { image: wiki, volumes: ["files:/srv"] } }\n');
    deploy('.env', 'COMPOSE_FILE=compose.yml:compose.override.yml\nCOMPOSE_PROJECT_NAME=wiki-live\nPG=17\n');
    const named = ['deploy/compose.yml', 'deploy/compose.override.yml'];
    const { code, json, stdout } = await steady('--json', 'init', '--no-encryption', ...named);
    expect([code, json.secrets], stdout).toEqual([0, ['POSTGRES_PASSWORD']]);
    const yaml = readFileSync(join(folder, 'steady.yaml'), 'utf8');
    expect(yaml).toContain(`files: [${named.join(', ')}]`);
    expect(yaml).toContain('project: wiki-live');
    expect(yaml).toContain('files: { volume: wiki-live_files }');

    const there = await runSteady(['init', '--no-encryption'], {
      main,
      cwd: join(folder, 'deploy'),
      env: process.env,
    });
    expect(there.stdout).toContain(
      'Set where `steady up` is started, which reads no .env: POSTGRES_PASSWORD\n',
    );
    expect(readFileSync(join(folder, 'deploy', 'steady.yaml'), 'utf8')).toContain(
      'files: [compose.yml, compose.override.yml]',
    );
  });

  it('never overwrites: neither the file nor a key', async () => {
    writeFileSync(join(folder, 'docker-compose.yml'), COMPOSE);
    writeFileSync(join(folder, 'steady.yaml'), 'mine\n');
    const refused = await steady('--json', 'init');
    expect([refused.code, refused.json.error.code]).toEqual([2, 'usage.invalid']);
    expect(refused.json.error.message).toBe(
      `wrong usage [file=${join(folder, 'steady.yaml')} error="exists already, and is never overwritten" instead="move it away, or propose another: steady init -c other.yaml"]`,
    );
    expect(all()).toEqual(['docker-compose.yml', 'steady.yaml']);

    await rm(join(folder, 'steady.yaml'));
    mkdirSync(join(folder, '.steady'));
    writeFileSync(join(folder, '.steady', 'proof.key'), 'AGE-SECRET-KEY-OLD\n');
    const kept = await steady('--json', 'init');
    expect([kept.code, kept.json.error.code]).toEqual([2, 'usage.invalid']);
    expect(kept.json.error.message).toMatch(/proof\.key error="exists already/);
    expect(readFileSync(join(folder, '.steady', 'proof.key'), 'utf8')).toBe('AGE-SECRET-KEY-OLD\n');
    expect(all()).toEqual(['.steady', '.steady/proof.key', 'docker-compose.yml']);
  });

  it.each([
    [
      'no compose file',
      undefined,
      /no compose file here \(compose\.yaml, .*\)" instead="name yours: steady init path/,
      'usage.invalid',
    ],
    ['a compose file that is no YAML', 'services: [\n', /the stack file is not valid/, 'config.invalid'],
    ['no services', 'volumes: {}\n', /the stack file is not valid/, 'config.invalid'],
    [
      'nothing that holds data',
      'services: { web: { image: nginx } }\n',
      /no PostgreSQL, Redis/,
      'usage.invalid',
    ],
  ])('leaves nothing behind: %s', async (_, text, message, code) => {
    if (text !== undefined) writeFileSync(join(folder, 'docker-compose.yml'), text);
    const before = all();
    const { code: exit, json } = await steady('--json', 'init');
    expect([exit, json.error.code]).toEqual([2, code]);
    expect(json.error.message).toMatch(message);
    if (code === 'config.invalid') expect(json.error.hint).toMatch(/^Correct the compose file/);
    expect(all()).toEqual(before);
  });

  it('says what to do about a compose file that is not there', async () => {
    const { code, json } = await steady('--json', 'init', 'nope.yml');
    expect([code, json.error.code]).toEqual([2, 'usage.invalid']);
    expect(json.error.message).toBe(
      `wrong usage [file=${join(folder, 'nope.yml')} error="no such compose file" instead="name yours: steady init path/to/docker-compose.yml"]`,
    );
    expect(all()).toEqual([]);
  });

  it('takes a folder for backups that is there as it is, and says when it cannot be made', async () => {
    writeFileSync(join(folder, 'docker-compose.yml'), COMPOSE);
    mkdirSync(join(folder, 'steady-backups'), { mode: 0o755 });
    const kept = await steady('init', '--no-encryption');
    expect(kept.stdout).toMatch(/^Backups go to \S+\/steady-backups, which is there\./m);
    expect(statSync(join(folder, 'steady-backups')).mode & 0o777).toBe(0o755);

    await rm(join(folder, 'steady.yaml'));
    await rm(join(folder, 'steady-backups'), { recursive: true });
    writeFileSync(join(folder, 'steady-backups'), 'a file\n');
    const { code, stdout } = await steady('init', '--no-encryption');
    expect([code, stdout]).toEqual([
      0,
      expect.stringMatching(/^Backups go to \S+, which could not be made \(EEXIST\): mkdir it, or name/m),
    ]);
  });

  it('leaves no key behind when the file cannot be written', async () => {
    writeFileSync(join(folder, 'docker-compose.yml'), COMPOSE);
    const { code, json } = await steady('--json', '-c', 'missing/steady.yaml', 'init', 'docker-compose.yml');
    expect([code, json.error.code]).toEqual([2, 'usage.invalid']);
    expect(all()).toEqual(['docker-compose.yml']);
  });
});
