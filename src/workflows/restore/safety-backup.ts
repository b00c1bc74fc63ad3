import { workflowInfo } from '@temporalio/workflow';
import type { RestoreStep } from '../../activities/restore.js';
import { parseRunId } from '../../contracts/ids.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { RestoreInput } from '../../contracts/runs/procedures.js';
import { askInStep } from '../shared/ask-in-step.js';
import { fail, failureOf, isOwnCancellation } from '../shared/failures.js';
import type { Run } from '../shared/run.js';

/** What is about to be replaced, and by which backup. */
interface Replaced {
  readonly store: string;
  readonly backupId: string;
}

/**
 * A restore in place has nothing beside to go back to, so a backup is taken first, once nobody writes any more. It is
 * kept as long as replaced data are. Gives its id.
 */
async function backUpFirst(
  run: Run,
  { snapshot }: RestoreInput,
  of: { readonly store: string; readonly notBack: NotBack | undefined },
): Promise<string> {
  const { store, notBack } = of;
  const { workflowId, runId } = workflowInfo();

  const id = await run.step(`Back up ${store} first`, async (note) => {
    const { uuid } = await run.activities.look.openStack(snapshot);
    const now = new Date().toISOString();
    const setId = parseRunId(workflowId)?.last ?? workflowId;
    const asked = { snapshot, store, stackUuid: uuid, now, setId, run: { workflowId, runId } };
    const dumped = await run.activities.backup.dumpStore(asked);
    await run.activities.look.seal({ snapshot, store, dumped, now });
    const until = new Date(Date.parse(now) + snapshot.stack.limits.hold * 1000).toISOString();
    const mark = {
      store,
      id: dumped.backupId,
      kind: 'keep',
      until,
      reason: `taken before ${workflowId}`,
    } as const;
    await run.activities.look.mark({ snapshot, mark, by: 'steady', now });
    // Worth having, and never to be taken for a good copy.
    if (notBack !== undefined)
      await run.activities.look.mark({
        ...{ snapshot, by: 'steady', now },
        mark: { store, id: dumped.backupId, kind: 'suspect', reason: `not back since ${notBack.by}` },
      });
    note(`${dumped.backupId}: ${dumped.bytes} bytes stored of ${dumped.rawBytes}`);
    return dumped.backupId;
  });
  return id;
}

/** Puts a store back from the backup that was taken first, the same way as the restore would have. */
export async function putBackFrom(run: Run, id: string, step: RestoreStep): Promise<string[]> {
  const { store } = step.backup;
  const back = { ...step, backup: { store, id } };
  await run.activities.redo.loadBackup(back);
  await run.activities.redo.compareLoaded(back);
  await run.activities.redo.cutOver(back);
  const put = `${store} is put back from ${id}`;
  const { snapshot, place, fence } = step;
  return await run.activities.redo
    .releaseReplaced({ snapshot, store, place, ...(fence && { fence }) })
    .then(() => [put])
    .catch((error: unknown) => [put, `its mark stays: ${failureOf(error).message}`]);
}

/** The backups of these stores that are taken first, by store; of some there may be none. */
export async function saveFirst(
  run: Run,
  input: RestoreInput,
  stores: readonly Replaced[],
  before: Readonly<Record<string, NotBack>>,
): Promise<Map<string, string>> {
  const saved = new Map<string, string>();
  for (const replaced of stores) {
    const id = await saveOne(run, input, { ...replaced, notBack: before[replaced.store] });
    if (id !== undefined) saved.set(replaced.store, id);
  }
  return saved;
}

/**
 * The live data may be damaged, which is often why there is a restore: when they cannot be backed up, it goes on only
 * where somebody says that they may be lost, by the request or by a new approval.
 */
async function saveOne(
  run: Run,
  input: RestoreInput,
  { store, backupId, notBack }: Replaced & { readonly notBack: NotBack | undefined },
): Promise<string | undefined> {
  const { snapshot } = input;
  try {
    return await backUpFirst(run, input, { store, notBack });
  } catch (error) {
    if (isOwnCancellation(error)) throw error;
    const { message } = failureOf(error);
    if (input.unsaved) return undefined;
    const policy = snapshot.stack.approvals.restore;
    if (policy === undefined) throw fail('store.unsaved', { store, why: message });
    await askInStep(run, {
      step: 'restore-unsaved',
      title: `Replace ${store} of ${snapshot.stack.stack} without a copy of what is there`,
      lines: [
        `${store}: the live data could not be backed up first: ${message}`,
        `${store}: they are lost when the restore goes on; nothing has been replaced yet`,
      ],
      facts: { store, backup: backupId, config: snapshot.configSha256 },
      policy,
    });
    return undefined;
  }
}
