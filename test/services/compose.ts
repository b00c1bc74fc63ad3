import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { atTheEnd, docker, IMAGE, uniqueName } from './docker.js';

/** A Compose project of a test; it goes with this process, volumes and networks too. */
export interface ComposeProject {
  readonly name: string;
  readonly folder: string;
  readonly file: string;
  /** Runs `docker compose` on the project and gives what it prints. */
  compose(...args: readonly string[]): Promise<string>;
  /** Runs a program inside a service. */
  exec(service: string, ...argv: readonly string[]): Promise<string>;
  /** The port of 127.0.0.1 under which a port of a service is reached. */
  port(service: string, inside: number): Promise<number>;
  close(): Promise<void>;
}

/** Writes the compose file, starts all of it and waits until it is healthy. */
export async function startCompose(file: Readonly<Record<string, unknown>>): Promise<ComposeProject> {
  const name = uniqueName();
  const folder = await mkdtemp(join(tmpdir(), 'steady-compose-'));
  const path = join(folder, 'compose.yml');
  await writeFile(path, stringify(file));
  const base = ['compose', '--project-name', name, '--file', path];
  const down = atTheEnd('sh', '-c', 'docker "$@" down --volumes --timeout 1; rm -rf "$0"', folder, ...base);
  const close = async (): Promise<void> => {
    await down();
    await rm(folder, { recursive: true, force: true });
  };
  const compose: ComposeProject['compose'] = (...args) => docker(...base, ...args);
  try {
    await compose('up', '--detach', '--wait', '--quiet-pull');
  } catch (error) {
    const logs = await compose('logs', '--tail', '20').catch(String);
    await close();
    throw new Error(`the compose project did not start: ${logs}`, { cause: error });
  }
  return {
    name,
    folder,
    file: path,
    compose,
    close,
    // Compose reads its file anew for each call, which takes three times as long.
    exec: (service, ...argv) => docker('exec', `${name}-${service}-1`, ...argv),
    port: async (service, inside) =>
      Number((await compose('port', service, `${inside}`)).trim().split(':').at(-1)),
  };
}

/** Asked once a second: old engines have no shorter interval for the start. */
const askedOften = (test: readonly string[]): object => ({
  test,
  interval: '1s',
  timeout: '5s',
  retries: 60,
});

/** A PostgreSQL 17 service for a compose file, its data on a volume of the project. */
export function postgresService(options: {
  readonly user: string;
  readonly password: string;
  readonly database: string;
}): object {
  return {
    image: IMAGE,
    command: ['postgres', '-c', 'fsync=off'],
    environment: {
      POSTGRES_USER: options.user,
      POSTGRES_PASSWORD: options.password,
      POSTGRES_DB: options.database,
      POSTGRES_INITDB_ARGS: '--no-sync',
    },
    healthcheck: askedOften(['CMD', 'pg_isready', '-q', '-h', '127.0.0.1', '-U', options.user]),
    ports: ['127.0.0.1::5432'],
  };
}

/** A Redis 8 or Valkey 8 service for a compose file. */
export function redisService(options: {
  readonly password: string;
  readonly kind?: 'redis' | 'valkey';
}): object {
  const kind = options.kind ?? 'redis';
  return {
    image: IMAGE,
    command: [kind],
    environment: { REDIS_PASSWORD: options.password },
    healthcheck: askedOften([
      'CMD-SHELL',
      `${kind}-cli -a $$REDIS_PASSWORD --no-auth-warning ping | grep -q PONG`,
    ]),
    ports: ['127.0.0.1::6379'],
  };
}

/** A MinIO service for a compose file. */
export function minioService(options: { readonly user: string; readonly password: string }): object {
  return {
    image: IMAGE,
    command: ['minio'],
    environment: { MINIO_ROOT_USER: options.user, MINIO_ROOT_PASSWORD: options.password },
    healthcheck: askedOften(['CMD', 'curl', '-sf', 'http://127.0.0.1:9000/minio/health/ready']),
    ports: ['127.0.0.1::9000'],
  };
}
