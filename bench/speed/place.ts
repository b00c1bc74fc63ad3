import { execFile, execFileSync } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { DeleteObjectsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { startMinio, type MinioServer } from '../../test/services/minio.js';
import {
  postgresBins,
  postgresIds,
  startPostgres,
  type PostgresService,
} from '../../test/services/postgres.js';

/** PostgreSQL as its package has it but for these. */
export const POSTGRES_SETTINGS = {
  fsync: 'on',
  shared_buffers: '512MB',
  maintenance_work_mem: '256MB',
  max_wal_size: '4GB',
  archive_mode: 'on',
  // Else it works on in the time of whoever comes next.
  autovacuum: 'off',
} as const;

/** The major that is compared: pgBackRest of Debian 12 knows none newer. */
const MAJOR = 15;

/** What all contestants share: one database server, one storage, a folder. */
export interface Place {
  readonly folder: string;
  readonly postgres: PostgresService;
  readonly minio: MinioServer;
  /** Certificate of the storage; pgBackRest speaks to S3 by TLS only, so all do. */
  readonly ca: string;
  /** The account of the database server, where this is root; else undefined. */
  readonly owner: { uid: number; gid: number } | undefined;
  postmaster(): Promise<number>;
  /** What the server does with its log; left out: nothing. */
  archiveBy(command?: string): Promise<void>;
  /** Environment of the vendor's tools for a database of the server. */
  env(database: string): NodeJS.ProcessEnv;
  /** Bytes stored under a prefix. */
  stored(prefix: string): Promise<number>;
  /** Removes them. */
  clear(prefix: string): Promise<void>;
  end(): Promise<void>;
}

export async function openPlace(settings: Record<string, string> = POSTGRES_SETTINGS): Promise<Place> {
  const folder = await mkdtemp(join(tmpdir(), 'steady-bench-'));
  await chmod(folder, 0o711);
  const certs = join(folder, 'certs');
  await mkdir(certs);
  const ca = join(certs, 'public.crt');
  const subject = ['-subj', '/CN=minio', '-addext', 'subjectAltName=IP:127.0.0.1,DNS:127.0.0.1'];
  const key = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
  const out = ['-keyout', join(certs, 'private.key'), '-out', ca];
  await promisify(execFile)('openssl', ['req', '-x509', '-days', '9', ...key, ...out, ...subject]);
  const [minio, postgres] = await Promise.all([
    startMinio({ tls: { certsFolder: certs, ca } }),
    startPostgres({ bin: binOf(MAJOR), settings }),
  ]);
  const dataFolder = postgres.sql('postgres', 'show data_directory');
  const archiveBy = async (command = '/bin/true'): Promise<void> => {
    postgres.sql('postgres', `alter system set archive_command = '${command}'`);
    postgres.sql('postgres', 'select pg_reload_conf()');
    while (postgres.sql('postgres', 'show archive_command') !== command) await sleep(20);
  };
  await archiveBy();
  const keysUnder = async (prefix: string): Promise<{ key: string; bytes: number }[]> => {
    const found: { key: string; bytes: number }[] = [];
    for (let token: string | undefined, more = true; more;) {
      const page = await minio.client.send(
        new ListObjectsV2Command({ Bucket: minio.bucket, Prefix: `${prefix}/`, ContinuationToken: token }),
      );
      for (const { Key, Size } of page.Contents ?? []) found.push({ key: Key ?? '', bytes: Size ?? 0 });
      token = page.NextContinuationToken;
      more = token !== undefined;
    }
    return found;
  };
  return {
    folder,
    postgres,
    minio,
    ca,
    owner: process.getuid?.() === 0 ? postgresIds() : undefined,
    postmaster: async () =>
      Number((await readFile(join(dataFolder, 'postmaster.pid'), 'utf8')).split('\n')[0]),
    archiveBy,
    env(database) {
      // What this machine sets for its own tools (proxies, credentials, certificates) is none of theirs.
      const own = Object.entries(postgres.env(database)).filter(([name]) =>
        /^(PG|HOME|TMPDIR|STEADY_)/.test(name),
      );
      return {
        ...Object.fromEntries(own),
        LC_ALL: 'C.UTF-8',
        PATH: `${postgres.bin}:${process.env['PATH'] ?? ''}`,
      };
    },
    stored: async (prefix) => (await keysUnder(prefix)).reduce((sum, one) => sum + one.bytes, 0),
    async clear(prefix) {
      const keys = await keysUnder(prefix);
      for (let at = 0; at < keys.length; at += 1000) {
        const Objects = keys.slice(at, at + 1000).map(({ key: Key }) => ({ Key }));
        await minio.client.send(new DeleteObjectsCommand({ Bucket: minio.bucket, Delete: { Objects } }));
      }
    },
    async end() {
      await postgres.stop();
      await minio.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

function binOf(major: number): string {
  const bins = postgresBins().reverse();
  const version = (bin: string): string =>
    execFileSync(join(bin, 'postgres'), ['--version'], { encoding: 'utf8' });
  const bin = bins.find((one) => version(one).includes(` ${major}.`));
  if (bin === undefined) throw new Error(`no PostgreSQL ${major} is installed: run ./scripts/setup`);
  return bin;
}
