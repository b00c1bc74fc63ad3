import type { BackupInput, StoreBackupResult } from '../../contracts/runs/procedures.js';
import { demandedDepth } from '../../contracts/stack/stack.js';
import { DEPTHS } from '../../contracts/names.js';
import { tell } from '../shared/tell.js';

/**
 * Calls the heartbeats for a set that can be relied on: of all stores of its plan, each with a proof as deep as the stack
 * demands, none suspect. Whoever watches them hears nothing for anything less.
 */
export async function tellVerified(
  input: BackupInput,
  setId: string,
  results: readonly StoreBackupResult[],
): Promise<void> {
  const { plan, snapshot } = input;
  if (plan === undefined || !results.every(isVerified)) return;
  const title = `set ${setId} of plan ${plan} is verified`;
  await tell(input, { id: `${setId}.verified`, event: 'verified', title }, { plan });

  function isVerified({ store, proof, shrunk }: StoreBackupResult): boolean {
    const wanted = DEPTHS.indexOf(demandedDepth(snapshot.stack, store));
    return proof?.passed === true && shrunk !== true && DEPTHS.indexOf(proof.depth) >= wanted;
  }
}
