import { it, expect } from 'vitest';
import { startPostgres } from '../../services/postgres.js';
import { startRedis, redisServers } from '../../services/redis.js';
import { allPostgres } from './versions.js';
import { backupFolder, beside, call, restore, storeOn, takeBackup } from './postgres/rig.js';
import { connect } from './postgres/connected.js';
import { Secret } from '../../../src/contracts/secret.js';
import { rawBackup, testCall } from './files/raw-backup.js';
import { makeStore, seed } from './redis/sample.js';

it.each(allPostgres())('owner cycle $title', async ({ bin, major }) => {
  const pg = await startPostgres({ bin });
  const b = backupFolder();
  try {
    pg.sql('postgres', `CREATE ROLE app LOGIN CREATEDB PASSWORD 'pw'; CREATE ROLE reader LOGIN PASSWORD 'pw'; CREATE DATABASE shop OWNER app`);
    if (major >= 14) pg.sql('postgres', 'GRANT pg_read_all_data TO reader');
    pg.sql('shop', `SET ROLE app; CREATE SCHEMA s; CREATE TABLE s.t (id int PRIMARY KEY, x text); INSERT INTO s.t SELECT i, md5(i::text) FROM generate_series(1, 5000) i; CREATE VIEW s.v AS SELECT * FROM s.t`);
    const asApp = storeOn(pg, 'shop', { config: { user: 'app', digests: true }, password: new Secret('pw') });
    const log: string[] = [];
    for (const [who, store] of [['app', asApp], ['reader', storeOn(pg, 'shop', { config: { user: 'reader', digests: true }, password: new Secret('pw') })]] as const) {
      try {
        const taken = await takeBackup(store, b.fresh());
        log.push(`${who} dump ok notes=${taken.manifest.notes.join()}`);
        log.push(...(await store.check(call())).filter((l) => l.status !== 'ok').map((l) => `${who} check ${l.what}: ${l.message} | ${l.hint}`));
      } catch (e) { log.push(`${who} dump ${e}`); }
    }
    pg.sql('shop', `SET ROLE app; SELECT lo_from_bytea(0, 'x')`);
    try { await takeBackup(storeOn(pg, 'shop', { config: { user: 'reader' }, password: new Secret('pw') }), b.fresh()); log.push('reader with LO ok'); } catch (e) { log.push(`reader with LO ${e}`); }
    const taken = await takeBackup(asApp, b.fresh());
    for (let i = 0; i < 3; i++) {
      const place = beside(`cycle00${i}`);
      try {
        await asApp.preview(call(), taken.manifest, place);
        await restore(asApp, taken, place);
        const clients = Array.from({ length: 10 }, () => connect(pg, 'shop', { PGUSER: 'app', PGPASSWORD: 'pw' }));
        for (const c of clients) await c.ask('SELECT 1');
        const { gapSeconds } = await asApp.cutover(call(), place);
        log.push(`gap ${gapSeconds} with 10 sessions`);
        for (const c of clients) { c.send('SELECT 1'); await c.ended; }
        await asApp.undo(call(), place);
        await asApp.release(call(), place);
      } catch (e) { log.push(`app restore ${e}`); break; }
    }
    console.log(log.join('\n'));
  } finally { await pg.stop(); b.remove(); }
});

it.each(redisServers())('redis %s', async (server) => {
  const redis = await startRedis({ server, config: ['repl-diskless-sync-delay 0'], users: [
    'user min on >pw +sync +psync +replconf +info +time +ping', 'user std on >pw +sync +psync +replconf +info +time +ping +config|get +acl|list +module|list',
    'user bg on >pw +bgsave +info +time +ping +config|get'] });
  const log: string[] = [];
  try {
    seed(redis, 20000);
    for (const user of ['min', 'std', 'bg']) {
      const made = makeStore(redis, { password: 'pw', config: { user } });
      const backup = rawBackup();
      try { const d = await made.store.dump(testCall(), backup.writer); log.push(`${user}: ${d.method} ${d.streams.map((s) => s.name)} ${d.notes}`); } catch (e) { log.push(`${user}: ${e}`); }
      backup.remove(); made.remove();
    }
    const made = makeStore(redis);
    const backup = rawBackup();
    const m = backup.manifest('redis', await made.store.dump(testCall(), backup.writer));
    const P = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' } as const;
    await made.store.load(testCall(), backup.reader(m), P); await made.store.compare(testCall(), m, P);
    log.push(`gap ${(await made.store.cutover(testCall(), P)).gapSeconds}`);
    await made.store.undo(testCall(), P);
    console.log(log.join('\n'));
    expect(1).toBe(1);
  } finally { await redis.stop(); }
});
