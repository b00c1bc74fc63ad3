import { execFileSync } from 'node:child_process';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { inspect } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createSecrets } from '../../../src/adapters/secrets/read-secret.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-secrets-'));
});
afterAll(() => rm(folder, { recursive: true }));

const secrets = (env: Record<string, string> = {}) => createSecrets({ env, baseFolder: folder });
const put = async (name: string, content: string, mode = 0o600) => {
  await writeFile(join(folder, name), content);
  await chmod(join(folder, name), mode);
};

describe('a secret in the environment', () => {
  it('is read by its name and shows itself only when revealed', async () => {
    const secret = await secrets({ DB_PASSWORD: 'hunter22' }).resolve({ env: 'DB_PASSWORD' });
    expect(secret.reveal()).toBe('hunter22');
    expect(`${String(secret)} ${inspect(secret)} ${JSON.stringify({ secret })}`).not.toContain('hunter22');
  });

  it('keeps spaces and newlines as they are', async () => {
    expect((await secrets({ A: ' x\n' }).resolve({ env: 'A' })).reveal()).toBe(' x\n');
  });

  it.each([{}, { DB_PASSWORD: '' }])(
    'is missing when it is not set or empty: %j',
    async (env: Record<string, string>) => {
      await expect(secrets(env).resolve({ env: 'DB_PASSWORD' })).rejects.toMatchObject({
        code: 'secret.missing',
        message: 'a secret cannot be read [env=DB_PASSWORD error="empty or not set"]',
      });
    },
  );
});

describe('a secret that others know', () => {
  it('is warned of: in git, of another user, or as the example shows it', async () => {
    const repository = await mkdtemp(join(folder, 'repository-'));
    const within = createSecrets({
      env: { PASSWORD: 'changeme-please', PORT: '5432' },
      baseFolder: repository,
    });
    await writeFile(
      join(repository, '.env.example'),
      'PASSWORD="changeme-please"\nexport KEY=example-key\nPORT=5432\n',
    );
    for (const [name, value] of [
      ['tracked', 'own-value'],
      ['copied', 'example-key'],
      ['good', 'own-value'],
    ] as const)
      await writeFile(join(repository, name), `${value}\n`, { mode: 0o600 });
    const git = (...args: string[]) => execFileSync('git', ['-C', repository, ...args], { stdio: 'ignore' });
    git('init');
    git('add', 'tracked');
    expect(await within.warnings({ env: 'PASSWORD' })).toEqual([
      'PASSWORD is the value that .env.example shows to everyone; make one of your own',
    ]);
    expect(await within.warnings({ env: 'PORT' })).toEqual([]);
    expect(await within.warnings({ file: 'copied' })).toEqual([
      'copied is the value that .env.example shows to everyone; make one of your own',
    ]);
    expect(await within.warnings({ file: 'tracked' })).toEqual([
      'secret file tracked is tracked by git, so it is in every clone: git rm --cached tracked, and take a new secret',
    ]);
    expect(await within.warnings({ file: 'good' })).toEqual([]);
    // Only root can give a file away: to others it stays their own.
    const own = process.getuid?.() ?? 0;
    await chown(join(repository, 'good'), own === 0 ? 4711 : own, -1);
    const warning =
      "secret file good belongs to user 4711, who can change it: not to the worker's (0) or root; chown 0 good";
    expect(await within.warnings({ file: 'good' })).toEqual(own === 0 ? [warning] : []);
  });
});

describe('a secret in a file', () => {
  it.each([
    ['s3cret\n', 's3cret'],
    ['s3cret\r\n', 's3cret'],
    ['s3cret', 's3cret'],
    ['s3cret\n\n', 's3cret\n'],
    ['two\nlines\n', 'two\nlines'],
  ])('loses its one final newline: %j', async (content, value) => {
    await put('token', content);
    expect((await secrets().resolve({ file: 'token' })).reveal()).toBe(value);
    expect((await secrets().resolve({ file: join(folder, 'token') })).reveal()).toBe(value);
  });

  it('is missing when the file is not there, is a folder, or holds nothing', async () => {
    await put('empty', '\n');
    await mkdir(join(folder, 'folder'));
    const message = async (file: string) =>
      secrets()
        .resolve({ file })
        .then(String, (error: Error) => error.message);
    expect(await message('nowhere')).toBe('a secret cannot be read [file=nowhere error=ENOENT]');
    expect(await message('folder')).toBe('a secret cannot be read [file=folder error=EISDIR]');
    expect(await message('empty')).toBe('a secret cannot be read [file=empty error="empty or not set"]');
  });

  it('is read but warned of when others may read it', async () => {
    await put('open', 'value-of-it', 0o640);
    expect((await secrets().resolve({ file: 'open' })).reveal()).toBe('value-of-it');
    expect(await secrets().warnings({ file: 'open' })).toEqual([
      'secret file open has mode 0640: others can read it; chmod 600 open',
    ]);
    await put('closed', 'value-of-it', 0o400);
    expect(await secrets().warnings({ file: 'closed' })).toEqual([]);
    expect(await secrets().warnings({ file: 'nowhere' })).toEqual([]);
    expect(await secrets().warnings({ env: 'HOME' })).toEqual([]);
  });
});
