import { execFileSync } from 'node:child_process';
import { chown, mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort } from '../../../test/services/free-port.js';
import { startServer, type ServerProcess } from '../../../test/services/server-process.js';
import { startScript } from '../../lib/run-shell.js';
import type { Contestant } from '../contestant.js';
import { POSTGRES_SETTINGS, type Place } from '../place.js';
import { sameContent } from '../seed.js';
import { SOURCE, versionOf } from './script.js';

/**
 * A physical full backup: files of the whole cluster, and the log that makes them one state. Back is a cluster of its
 * own, of the same major, that has recovered and takes queries.
 */
export function pgbackrest(place: Place): Contestant {
  const { postgres, owner } = place;
  const folder = join(place.folder, 'pgbackrest');
  const config = join(folder, 'pgbackrest.conf');
  const target = join(folder, 'restored');
  let memory: readonly number[] = [];
  let restored: (ServerProcess & { readonly port: number }) | undefined;

  const run = async (...args: string[]): Promise<void> => {
    const env = { ...place.env('postgres'), HOME: folder };
    const command = ['pgbackrest', `--config=${config}`, '--stanza=shop', ...args];
    const running = startScript(command.map((word) => `'${word}'`).join(' '), env, owner);
    memory = [running.pid];
    await running.ended;
  };
  /** A server on the restored files, without the main one's archive. */
  const startRestored = async (): Promise<void> => {
    const port = await freePort();
    const settings = { ...POSTGRES_SETTINGS, archive_mode: 'off', unix_socket_directories: folder };
    const args = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const drop = owner
      ? ['--reuid', String(owner.uid), '--regid', String(owner.gid), '--clear-groups', '--pdeathsig', 'KILL']
      : [];
    const server = await startServer({
      argv: [
        ...(['setpriv', ...drop, '--', join(postgres.bin, 'postgres')] as [string, ...string[]]),
        ...['-D', target, '-p', String(port), '-c', 'listen_addresses=127.0.0.1', ...args],
      ],
      cwd: folder,
      limitSeconds: 600,
      ready: async () => answer(port, 'select not pg_is_in_recovery()') === 't',
    });
    restored = { ...server, port };
    memory = [server.pid];
  };
  const answer = (port: number, sql: string): string =>
    execFileSync('psql', ['-XAtqc', sql], {
      env: { ...place.env(SOURCE), PGPORT: String(port) },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    }).trim();

  return {
    name: 'pgbackrest',
    title: 'pgBackRest, full',
    what: '`pgbackrest backup --type=full` and `restore`, zst, two processes; a physical backup of the whole cluster',
    versions: { pgBackRest: versionOf('pgbackrest', place) },
    async begin() {
      await mkdir(folder, { recursive: true });
      await writeFile(config, configText(place, folder), { mode: 0o644 });
      if (owner) await chown(folder, owner.uid, owner.gid);
      await run('stanza-create');
      await place.archiveBy(`pgbackrest --config=${config} --stanza=shop archive-push %p`);
    },
    backup: () => run('backup', '--type=full'),
    async restore() {
      await mkdir(target, { mode: 0o700 });
      if (owner) await chown(target, owner.uid, owner.gid);
      await run('restore', `--pg1-path=${target}`);
      await startRestored();
    },
    async check(_, expected) {
      sameContent((sql) => answer(restored?.port ?? 0, sql), expected);
    },
    memory: () => memory,
    stored: () => place.stored('pgbackrest'),
    async end() {
      await restored?.end('SIGQUIT');
      restored = undefined;
      await place.archiveBy();
      await rm(folder, { recursive: true, force: true });
      await place.clear('pgbackrest');
    },
  };
}

/** As its user guide has it for S3, with the storage that all use. */
function configText({ postgres, minio, ca }: Place, folder: string): string {
  const { hostname, port } = new URL(minio.endpoint);
  const ask = (name: string): string => postgres.sql('postgres', `show ${name}`);
  return `[global]
repo1-type=s3
repo1-path=/pgbackrest
repo1-s3-bucket=${minio.bucket}
repo1-s3-endpoint=${hostname}
repo1-s3-region=us-east-1
repo1-s3-uri-style=path
repo1-s3-key=${minio.accessKey.reveal()}
repo1-s3-key-secret=${minio.secretKey.reveal()}
repo1-storage-host=${hostname}
repo1-storage-port=${port}
repo1-storage-ca-file=${ca}
repo1-retention-full=9
compress-type=zst
process-max=2
start-fast=y
log-level-console=warn
log-level-file=off
log-path=${folder}
lock-path=${folder}
spool-path=${folder}
[shop]
pg1-path=${ask('data_directory')}
pg1-port=${postgres.port}
pg1-socket-path=${ask('unix_socket_directories')}
pg1-user=${postgres.user}
`;
}
