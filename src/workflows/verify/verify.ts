import { workflowInfo } from '@temporalio/workflow';
import type { ProofResult, VerifyInput, VerifyResult } from '../../contracts/runs/procedures.js';
import { runProcedure } from '../shared/run.js';
import { failureOf, fail } from '../shared/failures.js';
import { proveBackup } from './prove-backup.js';

/** Proves backups to a depth. All are looked at; one that fails fails the run at its end. */
export async function verify(input: VerifyInput): Promise<VerifyResult> {
  const { snapshot, depth } = input;
  const at = { stack: snapshot.stack.stack, site: snapshot.stack.site };
  const { workflowId, runId } = workflowInfo();
  const options = { procedure: 'verify', limitSeconds: snapshot.stack.limits.run, record: true } as const;

  return await runProcedure(input, options, async (run) => {
    const selected = await run.step('Find the backups', async (note) => {
      const found = await run.activities.look.selectBackups({ snapshot, selection: { ...input.selection, unverified: true } });
      found.notes.forEach(note);
      return found.backups;
    });
    run.atEnd(() => run.activities.quick.unclaimBackups(at, { workflowId, runId }));
    await run.step('Claim them, so that prune leaves them', () =>
      run.activities.quick.claimBackups(at, { workflowId, runId, backups: selected }),
    );
    const proofs: ProofResult[] = [];
    const failures: string[] = [];
    for (const backup of selected) {
      try {
        proofs.push(await proveBackup(run, { snapshot, backup, depth }));
      } catch (error) {
        const failure = failureOf(error);
        if (failure.code !== 'verify.failed') throw error;
        failures.push(`${backup.store} ${backup.id}: ${failure.message}`);
      }
    }
    if (failures.length > 0) throw fail('verify.failed', { failed: failures.join('; ') });
    return { proofs };
  });
}
