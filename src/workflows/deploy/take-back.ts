import { ParentClosePolicy, sleep, startChild, workflowInfo } from '@temporalio/workflow';
import { compact } from '../../contracts/keys.js';
import { runId } from '../../contracts/ids.js';
import type { Deployed, DeployInput, Wanted } from '../../contracts/runs/deploy.js';
import { formatDuration } from '../../contracts/stack/units.js';
import type { Run } from '../shared/run.js';
import { runningVersion, type SeenService } from './version-of.js';

/** Begins the run that puts everything back when its time has come; whoever wants it to stay cancels that one. */
export async function beginTakeBack(
  input: DeployInput,
  deployed: readonly Deployed[],
  type: string,
): Promise<string> {
  const { forSeconds: afterSeconds = 0, snapshot, token, by, version } = input;
  const scaled = input.procedure === 'scale';
  const wanted = deployed.flatMap((one): Wanted[] => {
    const { service, before: count, boundsBefore: bounds } = one;
    if (scaled) return [{ service, to: 'count', count, ...(bounds && { bounds }) }];
    return one.from === undefined || one.from === one.revision
      ? []
      : [{ service: one.service, to: 'revision', revision: one.from }];
  });
  const procedure = scaled ? 'scale' : 'rollback';
  const args: DeployInput = {
    ...{ version, snapshot, by, token, procedure, wanted },
    reason: `${workflowInfo().workflowId} was for ${formatDuration(afterSeconds)}`,
    takesBack: {
      afterSeconds,
      revisions: Object.fromEntries(deployed.map((one) => [one.service, one.revision])),
    },
  };
  const { stack } = snapshot.stack;
  const child = await startChild(type, {
    workflowId: runId(procedure, stack, `${compact(new Date())}-${token}`),
    args: [args],
    parentClosePolicy: ParentClosePolicy.ABANDON,
    memo: { by: by.name, procedure, stack, dryRun: false },
  });
  return child.workflowId;
}

/** Waits for the time that a run was for. */
export async function awaitTime(run: Run, { takesBack }: DeployInput): Promise<void> {
  if (takesBack === undefined) return;
  const { afterSeconds } = takesBack;
  const until = new Date(Date.now() + afterSeconds * 1000).toISOString();
  await run.step(`Wait for ${formatDuration(afterSeconds)}, until ${until}`, () =>
    sleep(afterSeconds * 1000),
  );
}

/** Services of which something else runs by now than what is to be taken back: they are left as they are. */
export function changedSince({ takesBack }: DeployInput, seen: readonly SeenService[]): readonly string[] {
  if (takesBack === undefined) return [];
  return seen
    .filter((one) => runningVersion(one)?.revision !== takesBack.revisions[one.service])
    .map((one) => one.service);
}

/** Taking back was agreed on with what is taken back: its parent was, and nobody can have another. */
export const isAgreed = (input: DeployInput): boolean =>
  input.takesBack !== undefined && workflowInfo().parent !== undefined;
