import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { toolPath } from '../../../services/tools.js';
import { freePort, postgresIds, startPostgres, type PostgresService } from '../../../services/postgres.js';
import { until } from './connected.js';
import { backupFolder, beside, call, storeOn, takeBackup } from './rig.js';

describe('a connection through pgbouncer', () => {
  let pg: PostgresService;
  let bouncer: ChildProcess | undefined;
  const folder = mkdtempSync(join(tmpdir(), 'steady-bouncer-'));
  const backups = backupFolder();
  beforeAll(async () => {
    pg = await startPostgres();
    pg.sql('postgres', 'CREATE DATABASE pooled');
    pg.sql('pooled', 'CREATE TABLE t AS SELECT generate_series(1, 10) i');
  });
  afterEach(async () => {
    const gone = new Promise((resolve) => bouncer?.once('exit', resolve));
    bouncer?.kill('SIGKILL');
    await gone;
  });
  afterAll(async () => {
    await pg.stop();
    rmSync(folder, { recursive: true, force: true });
    backups.remove();
  });

  async function startBouncer(mode: 'transaction' | 'session'): Promise<number> {
    const port = await freePort();
    const ids = process.getuid?.() === 0 ? postgresIds() : undefined;
    const users = join(folder, 'users');
    writeFileSync(users, `"postgres" "${pg.password.replaceAll('"', '""')}"\n`);
    const ini = join(folder, 'pgbouncer.ini');
    writeFileSync(
      ini,
      `[databases]\n* = host=127.0.0.1 port=${pg.port}\n[pgbouncer]\nlisten_addr=127.0.0.1\nlisten_port=${port}\nunix_socket_dir=\n` +
        `auth_type=scram-sha-256\nauth_file=${users}\npool_mode=${mode}\nadmin_users=postgres\nlogfile=\n`,
    );
    const drop = ids ? ['--reuid', String(ids.uid), '--regid', String(ids.gid), '--clear-groups'] : [];
    if (ids) for (const path of [folder, users, ini]) chownSync(path, ids.uid, ids.gid);
    chmodSync(folder, 0o711);
    bouncer = spawn('setpriv', [...drop, '--pdeathsig', 'KILL', '--', bouncerPath(), '-q', ini], {
      stdio: 'ignore',
      cwd: folder,
    });
    const store = storeOn(pg, 'pooled', { config: { port } });
    await until('pgbouncer answers', async () => (await store.check(call()))[0]?.status === 'ok');
    return port;
  }

  it('is refused in transaction mode, and check says why', async () => {
    const port = await startBouncer('transaction');
    const store = storeOn(pg, 'pooled', { config: { port } });
    await expect(takeBackup(store, backups.fresh())).rejects.toMatchObject({
      code: 'store.pooler',
      retryable: false,
    });
    expect((await store.check(call())).find((line) => line.what === 'connection')).toMatchObject({
      status: 'error',
      message: 'goes through a transaction pooler',
    });
    const direct = await takeBackup(storeOn(pg, 'pooled'), backups.fresh());
    await expect(store.preview(call(), direct.manifest, beside('cccccccc'))).rejects.toMatchObject({
      code: 'store.pooler',
    });
  });

  it('backs up in session mode; a restore there is refused before anything is touched', async () => {
    const port = await startBouncer('session');
    const store = storeOn(pg, 'pooled', { config: { port } });
    const taken = await takeBackup(store, backups.fresh());
    expect(taken.manifest.facts.counts['public.t']).toBe(10);
    await expect(store.preview(call(), taken.manifest, beside('cccccccc'))).rejects.toMatchObject({
      code: 'store.pooler',
      facts: { says: expect.stringContaining('unsupported startup parameter') as string },
    });
  });
});

/** Debian has it in a folder that is not on every PATH. */
function bouncerPath(): string {
  try {
    return toolPath('pgbouncer');
  } catch {
    return '/usr/sbin/pgbouncer';
  }
}
