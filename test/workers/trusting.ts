import { join } from 'node:path';
import { readAllowed, withStack, writeAllowed } from '../../src/config/allow-file.js';
import { demandOf } from '../../src/contracts/trust.js';
import type { StackSnapshot } from '../../src/contracts/runs/snapshot.js';
import { createTrust, type Trust } from '../../src/workers/trust.js';

/** A worker's trust in these stacks, by an allow file in a folder of the test. */
export async function trusting(folder: string, ...snapshots: readonly StackSnapshot[]): Promise<Trust> {
  const file = join(folder, 'trust.json');
  for (const snapshot of snapshots)
    await writeAllowed(file, withStack(readAllowed(file), demandOf(snapshot)));
  return createTrust(() => file);
}
