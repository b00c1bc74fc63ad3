import { afterAll, beforeAll, describe, expect } from 'vitest';
import { askedBy } from '../../src/client/approvals.js';
import { allPostgres, type PostgresVersion } from '../adapters/stores/versions.js';
import { createDatabases } from '../crash/rig/databases.js';
import { approve, untilAsked } from '../crash/rig/restores.js';
import { ended } from '../crash/rig/runs.js';
import type { CrashStack } from '../crash/rig/stack.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { fault } from './fault.js';
import { createFaultStack, well } from './stack.js';

const older = allPostgres()[0] as PostgresVersion;
const newer = allPostgres().at(-1) as PostgresVersion;
let from: PostgresService;
let to: PostgresService;
let stack: CrashStack;
beforeAll(async () => {
  [from, to] = await Promise.all([startPostgres({ bin: newer.bin }), startPostgres({ bin: older.bin })]);
  // With the tools of the newer one on both: older ones cannot read what it wrote.
  stack = await createFaultStack(from, { postgres: `bin: ${newer.bin}`, approvals: true });
});
afterAll(async () => {
  await stack?.close();
  await Promise.all([from?.stop(), to?.stop()]);
});

describe('a restore', () => {
  fault('newer-major', async () => {
    const database = stack.database('small');
    const good = await stack.databases.digest(database);
    expect((await stack.steady.cli('backup', 'run', 'small')).code).toBe(0);

    to.sql('postgres', `CREATE ROLE steady SUPERUSER LOGIN PASSWORD 'right'`);
    to.sql('postgres', `CREATE DATABASE ${database}`);
    const there = createDatabases({ port: to.port, bin: to.bin, user: 'steady', password: 'right' });
    stack.file.write(stack.file.text.replace(`port: ${from.port}`, `port: ${to.port}`));
    expect((await stack.steady.cli('apply')).code).toBe(0);
    const before = await there.named('');
    const answer = await stack.steady.cli('restore', 'latest');
    expect(await there.named('')).toEqual(before);

    const shown = await stack.steady.cli('restore', 'latest', '--force', '--dry-run');
    expect(JSON.stringify(shown.json)).toContain('forced: the backup is of PostgreSQL');
    const { run } = await well(stack, 'restore', 'latest', '--force', '--no-wait');
    await untilAsked(stack, run);
    const { client } = await stack.client();
    const asked = await askedBy(client.workflow.getHandle(run));
    expect(asked?.proposal.lines.join('\n')).toContain('forced: the backup is of PostgreSQL');
    expect(await there.named('')).toEqual(before);
    // The yes is a signature over those lines.
    await approve(stack, run);
    expect(await ended(stack, run)).toMatchObject({ status: 'completed', outcome: 'done' });
    expect(await there.digest(database)).toBe(good);
    for (const name of await there.named(database))
      if (name !== database) await there.sql('postgres', `DROP DATABASE "${name.split(' ')[0]}"`);
    await there.sql('postgres', `DROP DATABASE ${database} WITH (FORCE)`);
    return answer;
  });
});
