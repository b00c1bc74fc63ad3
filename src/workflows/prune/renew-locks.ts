import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { failureOf, type FailureWords } from '../shared/failures.js';
import type { Run } from '../shared/run.js';

interface Renewing {
  readonly snapshot: StackSnapshot;
  readonly stores: readonly string[];
}

/** What retention keeps stays locked. By itself: it must not wait for what may fail, such as a backup or a deletion. */
export async function renewLocks(run: Run, { snapshot, stores }: Renewing): Promise<void> {
  if (snapshot.stack.storage.lock === undefined) return;
  await run.step('Renew the locks of what is kept', async (note) => {
    const now = new Date().toISOString();
    const { backups, documents } = await run.activities.proof.renewLocks({ snapshot, stores, now });
    note(`${backups.length} backups renewed, ${documents} sets, records and stack files`);
  });
}

/** The same beside other steps, which it does not end: gives why it failed. */
export async function renewLocksBeside(run: Run, what: Renewing): Promise<FailureWords | undefined> {
  try {
    await renewLocks(run, what);
    return undefined;
  } catch (error) {
    return failureOf(error);
  }
}
