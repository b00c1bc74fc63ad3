import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/** The one image of all test services; see docker/rig/entrypoint for its commands. */
export const IMAGE = 'steadyhand-rig:1';

/**
 * Runs the docker client and gives what it prints. Tests that need containers run under ./scripts/with-docker, which
 * brings an engine, Compose and the image; without them this throws.
 */
export async function docker(...args: readonly string[]): Promise<string> {
  try {
    return (await promisify(execFile)('docker', args, { maxBuffer: 64 * 2 ** 20 })).stdout;
  } catch (error) {
    const words = String((error as { stderr?: unknown }).stderr ?? error);
    const hint = /daemon|No such image|not found: manifest|unknown.*compose/i.test(words)
      ? '; run it with ./scripts/with-docker, or ./scripts/test docker'
      : '';
    throw new Error(`docker ${args.join(' ')}: ${words.trim()}${hint}`, { cause: error });
  }
}

/** A name that no other test has. */
export const uniqueName = (): string => `steady-test-${randomBytes(5).toString('hex')}`;

/**
 * Has a command run when the returned function is called, or when this process dies, however it dies: a process of its
 * own waits for the end of its input, which only we hold.
 */
export function atTheEnd(...argv: readonly string[]): () => Promise<void> {
  const watch = spawn('sh', ['-c', 'cat >/dev/null; exec "$@" >/dev/null 2>&1', 'sh', ...argv], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  watch.unref();
  const gone = once(watch, 'exit');
  return async () => {
    watch.stdin.end();
    await gone;
  };
}

export interface ContainerOptions {
  /** First word: the service of the entrypoint (postgres, redis, valkey, minio), or any program. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
  /** Ports inside that are published on free ports of 127.0.0.1. */
  readonly ports?: readonly number[];
  /** Further arguments of `docker run`, such as `--volume`. */
  readonly runArgs?: readonly string[];
  /** Run inside until it exits with 0. */
  readonly ready?: readonly string[];
}

export interface Container {
  readonly name: string;
  /** The port of 127.0.0.1 under which a port inside is reached. */
  port(inside: number): number;
  /** Runs a program inside and gives what it prints. */
  exec(...argv: readonly string[]): Promise<string>;
  close(): Promise<void>;
}

/** Starts a container of the image and waits, at most 60 s, until it is ready. It goes with this process. */
export async function startContainer(options: ContainerOptions): Promise<Container> {
  const name = uniqueName();
  const close = atTheEnd('docker', 'rm', '-fv', name);
  const exec: Container['exec'] = (...argv) => docker('exec', name, ...argv);
  try {
    await docker(
      ...['run', '-d', '--name', name],
      ...Object.entries(options.env ?? {}).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
      ...(options.ports ?? []).flatMap((port) => ['--publish', `127.0.0.1::${port}`]),
      ...(options.runArgs ?? []),
      IMAGE,
      ...options.command,
    );
    const published = new Map<number, number>();
    for (const inside of options.ports ?? []) {
      published.set(inside, Number((await docker('port', name, `${inside}/tcp`)).split(':').at(-1)));
    }
    if (options.ready) await untilReady(name, options.ready);
    return {
      name,
      exec,
      close,
      port: (inside) => {
        const port = published.get(inside);
        if (port === undefined) throw new Error(`port ${inside} is not published`);
        return port;
      },
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function untilReady(name: string, argv: readonly string[]): Promise<void> {
  const limit = Date.now() + 60_000;
  for (;;) {
    const answer = await docker('exec', name, ...argv).then(
      () => undefined,
      (error: unknown) => error,
    );
    if (answer === undefined) return;
    const running = (await docker('inspect', '-f', '{{.State.Running}}', name)).trim();
    if (running !== 'true' || Date.now() > limit) {
      const { stdout, stderr } = await promisify(execFile)('docker', ['logs', '--tail', '20', name]);
      throw new Error(`the container is not ready: ${stdout}${stderr}`, { cause: answer });
    }
    await sleep(100);
  }
}
