import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { CreateBucketCommand, DeleteBucketCommand } from '@aws-sdk/client-s3';
import { Secret } from '../../src/contracts/secret.js';
import { s3StorageSchema, type S3StorageConfig } from '../../src/contracts/stack/storage.js';
import { toolPath } from './tools.js';
import { freePort } from './free-port.js';
import { onTmpfs } from './on-tmpfs.js';

export interface MinioOptions {
  /** Keeps the data on a memory disk of this size, which is gone with the server. */
  readonly tmpfsBytes?: number;
  /** Makes the bucket with Object Lock. */
  readonly objectLock?: boolean;
  /** Folder with public.crt and private.key: MinIO then speaks TLS. The CA file is what clients need. */
  readonly tls?: { readonly certsFolder: string; readonly ca: string };
}

/** A real MinIO with one bucket. It dies with this process, and `close` removes its folder. */
export interface MinioServer {
  readonly endpoint: string;
  readonly bucket: string;
  readonly accessKey: Secret;
  readonly secretKey: Secret;
  /** The S3 client of its owner, to look behind an adapter's back. */
  readonly client: S3Client;
  /** Config of a storage in its bucket, without credentials. */
  config(changes?: Partial<S3StorageConfig>): S3StorageConfig;
  pid(): number;
  /** Ends the server at once (SIGKILL) and keeps its data. */
  kill(): Promise<void>;
  /** Starts it again on the same port and data; with another secret, the owner's own is no longer good. */
  start(secret?: string): Promise<void>;
  /** Removes the bucket with all that is in it, also with what is being written. */
  removeBucket(): Promise<void>;
  close(): Promise<void>;
}

/** Starts MinIO on a free port of 127.0.0.1. Throws when it is not installed or does not become ready in 30 s. */
export async function startMinio(options: MinioOptions = {}): Promise<MinioServer> {
  const folder = await mkdtemp(join(tmpdir(), 'steady-minio-'));
  const data = join(folder, 'data');
  await mkdir(data, { recursive: true });
  await chmod(folder, 0o700);
  const accessKey = new Secret(`user-${randomBytes(6).toString('hex')}`);
  const secretKey = new Secret(randomBytes(16).toString('hex'));
  const bucket = 'backups';
  const port = await freePort();
  const scheme = options.tls ? 'https' : 'http';
  const endpoint = `${scheme}://127.0.0.1:${port}`;
  let running: ChildProcess | undefined;

  const start = async (secret = secretKey.reveal()): Promise<void> => {
    const certs = options.tls ? ['--certs-dir', options.tls.certsFolder] : [];
    const server = [toolPath('minio'), 'server', data, '--address', `127.0.0.1:${port}`, ...certs];
    const [program, ...args] = withDeathSignal(
      options.tmpfsBytes ? onTmpfs(server, data, options.tmpfsBytes) : server,
    );
    const child = spawn(program as string, args, {
      env: {
        PATH: process.env['PATH'],
        HOME: folder,
        MINIO_BROWSER: 'off',
        MINIO_UPDATE: 'off',
        MINIO_ROOT_USER: accessKey.reveal(),
        MINIO_ROOT_PASSWORD: secret,
      },
      cwd: folder,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    running = child;
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => (output = (output + text).slice(-4000)));
    }
    child.once('error', (error) => (output += error.message));
    for (const until = Date.now() + 30_000; ; await sleep(50)) {
      if (await answers(port)) return;
      if (child.exitCode !== null || child.pid === undefined || Date.now() > until) {
        await kill();
        throw new Error(`minio did not start: ${output}`);
      }
    }
  };

  const config = (changes: Partial<S3StorageConfig> = {}): S3StorageConfig =>
    s3StorageSchema.parse({ bucket, endpoint, ...(options.tls ? { ca: options.tls.ca } : {}), ...changes });
  const kill = async (): Promise<void> => {
    const child = running;
    running = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exited = once(child, 'exit');
    child.kill('SIGKILL');
    await exited;
  };
  const close = async (): Promise<void> => {
    await kill();
    await rm(folder, { recursive: true, force: true });
  };

  try {
    await start();
    const client = await ownerClient({ endpoint, accessKey, secretKey, ca: options.tls?.ca });
    await client.send(
      new CreateBucketCommand({ Bucket: bucket, ObjectLockEnabledForBucket: options.objectLock ?? false }),
    );
    return {
      endpoint,
      bucket,
      accessKey,
      secretKey,
      client,
      config,
      pid: () => running?.pid ?? 0,
      kill,
      start,
      async removeBucket() {
        const command = new DeleteBucketCommand({ Bucket: bucket });
        command.middlewareStack.add(
          (next) => (args) => {
            (args.request as { headers: Record<string, string> }).headers['x-minio-force-delete'] = 'true';
            return next(args);
          },
          { step: 'build', name: 'forceDelete' },
        );
        await client.send(command);
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** The kernel ends the server when this process dies, however it dies. */
const withDeathSignal = (argv: readonly string[]): string[] => [
  'setpriv',
  '--pdeathsig',
  'KILL',
  '--',
  ...argv,
];

async function ownerClient(options: {
  readonly endpoint: string;
  readonly accessKey: Secret;
  readonly secretKey: Secret;
  readonly ca: string | undefined;
}): Promise<S3Client> {
  // The adapter's own client, so that TLS is set up once; what it does is looked at through the server's answers.
  const { createS3Client, S3_LIMITS } = await import('../../src/adapters/storage/s3/client.js');
  const config = s3StorageSchema.parse({ bucket: 'any', endpoint: options.endpoint, ca: options.ca });
  return createS3Client(config, options, S3_LIMITS);
}

/** Whether something takes connections there and is MinIO, ready. TLS or not: the port's answer is enough. */
async function answers(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/minio/health/ready`, {
      signal: AbortSignal.timeout(1000),
    });
    // A TLS port answers plain HTTP with 400.
    return answer.ok || answer.status === 400;
  } catch {
    return false;
  }
}
