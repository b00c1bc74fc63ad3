import { workflowInfo } from '@temporalio/workflow';
import type { Depth } from '../../contracts/names.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import type { ProofResult } from '../../contracts/runs/procedures.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { fail } from '../shared/failures.js';
import type { Run } from '../shared/run.js';

/** Verifies one backup and writes the proof. A failed proof is written too, then fails the step. */
export async function proveBackup(
  run: Run,
  options: { snapshot: StackSnapshot; backup: BackupRef; depth: Depth },
): Promise<ProofResult> {
  const { snapshot, backup, depth } = options;
  return await run.step(`Prove ${backup.store} ${backup.id}, ${depth}`, async (note) => {
    const verification = await run.activities.proof.verifyBackup({ snapshot, backup, depth });
    verification.findings.forEach(note);
    const { workflowId, runId } = workflowInfo();
    const now = new Date().toISOString();
    await run.activities.look.writeProof({ snapshot, verification, now, run: { workflowId, runId } });
    if (!verification.passed)
      throw fail('verify.failed', {
        store: backup.store,
        id: backup.id,
        depth,
        found: verification.findings.join('; '),
      });
    return verification;
  });
}
