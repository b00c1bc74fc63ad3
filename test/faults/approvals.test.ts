import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import { askedBy } from '../../src/client/approvals.js';
import type { ApprovalState } from '../../src/contracts/runs/approval.js';
import { approve, askRestore, untilAsked } from '../crash/rig/restores.js';
import { ended, openRun } from '../crash/rig/runs.js';
import type { CrashStack } from '../crash/rig/stack.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { fault } from './fault.js';
import { createFaultStack, well } from './stack.js';

const HOUR = 3_600_000;
const EXPIRES_SECONDS = 30;
/** Until Temporal's timer has gone off and a worker has closed the run. */
const LATE_SECONDS = 15;

let server: PostgresService;
let stack: CrashStack;
beforeAll(async () => {
  server = await startPostgres();
  stack = await createFaultStack(server, {
    preload: fileURLToPath(new URL('clock.mjs', import.meta.url)),
    more: `approvals: { restore: { from: operator, expires: ${EXPIRES_SECONDS}s } }\n`,
  });
  await stack.app.start();
  await well(stack, 'backup', 'run', 'small');
});
afterAll(async () => {
  await stack?.close();
  await server?.stop();
});

describe('a worker', () => {
  const jumped = (name: 'approval-clock-ahead' | 'approval-clock-behind', by: number) =>
    fault(name, async () => {
      const clock = join(stack.folder, 'points', 'clock');
      const approved = await askRestore(stack, 'small');
      await untilAsked(stack, approved);
      writeFileSync(clock, String(by));
      await approve(stack, approved);
      expect((await ended(stack, approved)).outcome).toBe('done');
      rmSync(clock);

      const asked = stack.steady.cli('restore', 'latest');
      const run = await openRun(stack, 'restore');
      await untilAsked(stack, run);
      writeFileSync(clock, String(by));
      const handle = (await stack.client()).client.workflow.getHandle(run);
      // A worker answers this, by its clock as it is now.
      const { status, proposal } = (await askedBy(handle)) as ApprovalState;
      expect(status).toBe('waiting');
      const answer = await asked;
      rmSync(clock);
      const due = Date.parse(proposal.expiresAt);
      const { closeTime } = await handle.describe();
      expect(due - Date.parse(proposal.requestedAt)).toBe(EXPIRES_SECONDS * 1000);
      const late = ((closeTime?.getTime() ?? 0) - due) / 1000;
      expect(late).toBeGreaterThanOrEqual(0);
      expect(late).toBeLessThan(LATE_SECONDS);
      return answer;
    });
  jumped('approval-clock-ahead', 2 * HOUR);
  jumped('approval-clock-behind', -2 * HOUR);
});
