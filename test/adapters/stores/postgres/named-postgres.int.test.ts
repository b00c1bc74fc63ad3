import { afterAll, beforeAll, expect, it } from 'vitest';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { backupFolder, beside, call, restore, storeOn, takeBackup } from './rig.js';

let pg: PostgresService;
const backups = backupFolder();
beforeAll(async () => {
  pg = await startPostgres();
});
afterAll(async () => {
  await pg.stop();
  backups.remove();
});

it('takes, restores beside and gives back the database postgres itself, as any other', async () => {
  pg.sql('postgres', 'CREATE TABLE orders AS SELECT generate_series(1, 1000) AS id');
  const store = storeOn(pg, 'postgres');
  const taken = await takeBackup(store, backups.fresh());
  pg.sql('postgres', 'INSERT INTO orders VALUES (5000)');
  const orders = (): string => pg.sql('postgres', 'SELECT count(*) FROM orders').trim();
  const place = beside('k7q2m9xd');
  const preview = await store.preview(call(), taken.manifest, place);
  expect(preview.keptAs).toMatch(/^postgres_old_/);
  await restore(store, taken, place);
  await store.cutover(call(), place);
  expect(orders()).toBe('1000');
  await store.undo(call(), place, { finished: true });
  expect(orders()).toBe('1001');
  await store.release(call(), place);
  expect(pg.sql('template1', `SELECT datname FROM pg_database ORDER BY 1`).trim().split('\n')).toEqual([
    'postgres',
    'template0',
    'template1',
  ]);
});
