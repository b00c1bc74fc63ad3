import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { askedBy } from '../../../src/client/approvals.js';
import { viewOf } from './runs.js';
import type { CrashStack, DatabaseName } from './stack.js';
import { waitFor } from './wait-for.js';

/** Destroys something, so that equal digests afterwards come from the restore. */
export async function spoil(stack: CrashStack, store: DatabaseName): Promise<void> {
  await stack.databases.sql(
    stack.database(store),
    `DELETE FROM orders WHERE id % 3 = 0; DROP TABLE events; SELECT setval('invoices', 1)`,
  );
}

/** Asks for a restore of the newest backup, as ana. */
export async function askRestore(stack: CrashStack, store: DatabaseName): Promise<string> {
  const { code, json } = await stack.steady.cli('restore', 'latest', '--store', store, '--no-wait');
  expect(code).toBe(0);
  return json.run;
}

export async function untilAsked(stack: CrashStack, run: string): Promise<void> {
  await waitFor(`${run} asks for approval`, async () =>
    (await viewOf(stack, run)).timeline?.waiting?.startsWith('approval'),
  );
}

/** Says yes to what is asked, as ben. */
export async function approve(stack: CrashStack, run: string): Promise<void> {
  await untilAsked(stack, run);
  const { client } = await stack.client();
  const asked = await askedBy(client.workflow.getHandle(run));
  const yes = ['approve', run, '--digest', asked?.digest ?? ''];
  const { code, json } = await stack.steady.cli('--identity', stack.identity('ben'), ...yes);
  expect([code, json.status]).toEqual([0, 'approved']);
}

/** Waits until a database is loaded: rows are flowing into the one beside the live one. */
export async function untilLoading(stack: CrashStack, store: DatabaseName): Promise<void> {
  const fresh = `${stack.database(store)}_new_`;
  await waitFor(
    'rows are loaded',
    async () => {
      const query = `SELECT count(*) FROM pg_stat_progress_copy WHERE command = 'COPY FROM' AND starts_with(datname, '${fresh}') AND tuples_processed > 1000`;
      return (await stack.databases.sql('postgres', query)) !== '0';
    },
    { every: 10 },
  );
}

/**
 * A session on the live database that cannot go: its backend is stopped, so that a cut-over, which has closed the
 * database, waits for it until `letGo`.
 */
export async function stubbornSession(stack: CrashStack, store: DatabaseName): Promise<{ letGo(): void }> {
  const name = stack.database(store);
  const sleeping = stack.databases.sql(name, `SELECT pg_sleep(600)`).catch(() => undefined);
  void sleeping;
  const pid = await waitFor('the session', async () => {
    const query = `SELECT pid FROM pg_stat_activity WHERE datname = '${name}' AND query LIKE 'SELECT pg_sleep%' AND pid <> pg_backend_pid()`;
    return Number(await stack.databases.sql('postgres', query)) || undefined;
  });
  process.kill(pid, 'SIGSTOP');
  return {
    letGo: () => {
      try {
        process.kill(pid, 'SIGCONT');
      } catch {
        // Ended before it was stopped.
      }
    },
  };
}

/** Waits until the service is being stopped for the cut-over. */
export async function untilStopping(stack: CrashStack): Promise<void> {
  await waitFor('the service is being stopped', () => existsSync(join(stack.folder, 'stopping')));
}

/** Waits until the cut-over has closed the live database. */
export async function untilClosed(stack: CrashStack, store: DatabaseName): Promise<void> {
  const name = stack.database(store);
  await waitFor(
    'the live database is closed',
    async () => (await stack.databases.named(name)).includes(`${name} closed`),
    {
      every: 10,
    },
  );
}
