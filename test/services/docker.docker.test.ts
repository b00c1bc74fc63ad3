import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { minioService, postgresService, redisService, startCompose, type ComposeProject } from './compose.js';
import { docker, startContainer } from './docker.js';

const here = dirname(fileURLToPath(import.meta.url));

describe('a compose project of all test services', () => {
  let project: ComposeProject;
  beforeAll(async () => {
    project = await startCompose({
      services: {
        db: postgresService({ user: 'app', password: 'secret', database: 'shop' }),
        cache: redisService({ password: 'secret' }),
        valkey: redisService({ password: 'secret', kind: 'valkey' }),
        storage: minioService({ user: 'root', password: 'secret-secret' }),
      },
    });
  });
  afterAll(() => project.close());

  it('runs PostgreSQL 17, Redis 8, Valkey 8 and MinIO', async () => {
    const version = await project.exec(
      'db',
      'psql',
      '-U',
      'app',
      '-d',
      'shop',
      '-Atc',
      'show server_version',
    );
    expect(version).toMatch(/^17\./);
    const ask = ['-a', 'secret', '--no-auth-warning', 'info', 'server'];
    expect(await project.exec('cache', 'redis-cli', ...ask)).toMatch(/redis_version:8\./);
    expect(await project.exec('valkey', 'valkey-cli', ...ask)).toMatch(/valkey_version:8\./);
    const storage = await project.port('storage', 9000);
    expect((await fetch(`http://127.0.0.1:${storage}/minio/health/ready`)).status).toBe(200);
  });

  it('keeps committed rows through a kill of the database', async () => {
    await project.exec(
      'db',
      'psql',
      '-U',
      'app',
      '-d',
      'shop',
      '-c',
      'create table kept as select 42 as answer',
    );
    await project.compose('kill', '--signal', 'KILL', 'db');
    await project.compose('up', '--detach', '--wait', 'db');
    expect(
      await project.exec('db', 'psql', '-U', 'app', '-d', 'shop', '-Atc', 'select answer from kept'),
    ).toBe('42\n');
  });

  it('leaves nothing of itself behind', async () => {
    const { name } = project;
    await project.close();
    const filter = ['--filter', `label=com.docker.compose.project=${name}`, '--quiet'];
    expect(await docker('ps', '--all', ...filter)).toBe('');
    expect(await docker('volume', 'ls', ...filter)).toBe('');
    expect(await docker('network', 'ls', ...filter)).toBe('');
  });
});

it('refuses a wrong password from outside, and takes the right one', async () => {
  const cache = await startContainer({
    command: ['redis'],
    env: { REDIS_PASSWORD: 'secret' },
    ports: [6379],
    ready: ['redis-cli', '-a', 'secret', '--no-auth-warning', 'ping'],
  });
  try {
    expect(cache.port(6379)).toBeGreaterThan(1024);
    expect(await cache.exec('redis-cli', 'ping')).toContain('NOAUTH');
    expect(await cache.exec('redis-cli', '-a', 'secret', '--no-auth-warning', 'ping')).toBe('PONG\n');
  } finally {
    await cache.close();
  }
});

it('removes a container when the process that started it is killed', async () => {
  const script = `import { startContainer } from ${JSON.stringify(join(here, 'docker.ts'))};
    console.log((await startContainer({ command: ['sleep', '1000'] })).name);
    setInterval(() => undefined, 1000);`;
  const starter = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [words] = (await once(starter.stdout, 'data')) as [Buffer];
  const listed = (): Promise<string> =>
    docker('ps', '--all', '--quiet', '--filter', `name=${words.toString().trim()}`);
  expect(await listed()).not.toBe('');
  starter.kill('SIGKILL');
  await vi.waitFor(async () => expect(await listed()).toBe(''), { timeout: 15_000, interval: 200 });
});
