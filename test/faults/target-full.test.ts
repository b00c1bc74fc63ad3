import { afterAll, beforeAll, describe, expect } from 'vitest';
import { connect } from '../adapters/stores/postgres/connected.js';
import type { CrashStack } from '../crash/rig/stack.js';
import { expectWhole } from '../crash/rig/whole.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { fault } from './fault.js';
import { createFaultStack, well } from './stack.js';

/** Enough for the live database, and not for a second one. */
const DISK = 120 * 2 ** 20;

let server: PostgresService;
let stack: CrashStack;
let database: string;
beforeAll(async () => {
  server = await startPostgres({ diskBytes: DISK });
  stack = await createFaultStack(server);
  database = stack.database('small');
  server.sql('postgres', `COPY (SELECT 1) TO PROGRAM 'mkdir ${server.disk}/space'`);
  server.sql('postgres', `CREATE TABLESPACE small LOCATION '${server.disk}/space'`);
  server.sql('postgres', `ALTER DATABASE ${database} SET TABLESPACE small`);
  await stack.app.start();
});
afterAll(async () => {
  await stack?.close();
  await server?.stop();
});

describe('a restore', () => {
  fault('target-full', async () => {
    await well(stack, 'backup', 'run', 'small');
    await stack.databases.sql(database, 'DELETE FROM orders WHERE id % 3 = 0');
    const before = await stack.databases.digest(database);
    const inUse = connect(server, database);
    await inUse.ask('SELECT 1');
    const answer = await stack.steady.cli('restore', 'latest');
    expect(answer.json.error.message).toContain('No space left on device');
    // The session from before is still there: nothing was stopped or closed.
    await inUse.ask(`UPDATE customers SET name = name`);
    await inUse.close();
    expect(await stack.app.healthy()).toBe(true);
    expect(await stack.databases.digest(database)).toBe(before);
    expect(await stack.databases.named(database)).toEqual([database]);
    await expectWhole(stack, ['small']);

    await stack.databases.sql(database, 'DROP MATERIALIZED VIEW totals; TRUNCATE bulk');
    await well(stack, 'restore', 'latest');
    expect(await stack.databases.sql(database, 'SELECT count(*) FROM bulk')).toBe('400000');
    return answer;
  });
});
