import { workflowInfo } from '@temporalio/workflow';
import type { FailureCode } from '../../contracts/failures.js';
import type { ProofResult, VerifyInput, VerifyResult } from '../../contracts/runs/procedures.js';
import { runProcedure } from '../shared/run.js';
import { failureOf, fail, isOwnCancellation } from '../shared/failures.js';
import { proveBackup } from './prove-backup.js';

/** Proves backups to a depth. All are looked at; one that fails fails the run at its end. */
export async function verify(input: VerifyInput): Promise<VerifyResult> {
  const { snapshot, depth } = input;
  const at = { stack: snapshot.stack.stack, site: snapshot.stack.site };
  const { workflowId, runId } = workflowInfo();
  const options = { procedure: 'verify', limitSeconds: snapshot.stack.limits.run, record: true } as const;

  return await runProcedure(input, options, async (run) => {
    const { backups, lacking } = await run.step('Find the backups', async (note) => {
      const found = await run.activities.look.selectBackups({
        snapshot,
        selection: { ...input.selection, unverified: true },
        goOn: true,
      });
      found.backups.forEach(({ store, id }) => note(`${store}: ${id}`));
      [...found.notes, ...found.lacking].forEach(note);
      return found;
    });
    run.atEnd(() => run.activities.quick.unclaimBackups(at, { workflowId, runId }));
    await run.step('Claim them, so that prune leaves them', () =>
      run.activities.quick.claimBackups(at, { workflowId, runId, backups }),
    );
    const proofs: ProofResult[] = [];
    const failures: { code: FailureCode; message: string }[] = lacking.map((message) => ({
      code: 'backup.unknown',
      message,
    }));
    for (const backup of backups) {
      try {
        proofs.push(await proveBackup(run, { snapshot, backup, depth }));
      } catch (error) {
        if (isOwnCancellation(error)) throw error;
        const { code, message } = failureOf(error);
        failures.push({ code, message: `${backup.store} ${backup.id}: ${message}` });
      }
    }
    const [first] = failures;
    if (first === undefined) return { proofs };
    // A failed proof says something about a backup; anything else says something about today.
    const worst = failures.find((one) => one.code === 'verify.failed') ?? first;
    throw fail(worst.code, { failed: failures.map((one) => one.message).join('; '), passed: proofs.length });
  });
}
