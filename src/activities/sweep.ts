import { Context } from '@temporalio/activity';
import type { ListedObject, StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import { runId, timeOfId } from '../contracts/ids.js';
import { backupIdOfManifestKey, keys } from '../contracts/keys.js';
import type { BackupRef, ClaimHolder, FailedSignal } from '../contracts/runs/claims.js';
import type { LitterLine } from '../contracts/runs/lines.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { formatDuration } from '../contracts/stack/units.js';
import { manifestSchema } from '../contracts/stored/manifest.js';
import { DRAFT } from './backup.js';
import { withCall } from './call.js';
import { deleteAll } from './catalog/delete-all.js';
import { readDocument } from './catalog/documents.js';
import { mapInParallel } from './catalog/in-parallel.js';
import { assertMayDelete } from './claims.js';
import { isRunning } from './locks.js';
import type { Ports } from './ports.js';

/** An unfinished upload older than this belongs to nothing that runs. */
const UPLOAD_SECONDS = 86_400;

/** Finding litter (role `proof`) and deleting it (role `keeper`) are apart: who may delete decides nothing. */
export function createSweepActivities(ports: Ports) {
  return {
    /**
     * What in storage belongs to no backup: data, proofs and marks without a manifest, uploads without an end. What a
     * run that is still open may have made is none, nor what is younger than the limit. A listing error fails all of
     * it, and so does Temporal when it cannot tell which runs are open. Reading only.
     */
    async findLitter(input: { snapshot: StackSnapshot; now: string }): Promise<LitterLine[]> {
      const { snapshot } = input;
      return await withCall({ title: 'Look for litter' }, async () => {
        const storage = await ports.storage(snapshot);
        const open = await oldestOpenBackup(snapshot.stack.stack);
        const judge = judgeOf({ now: Date.parse(input.now), limit: snapshot.stack.limits.litter, open });
        const data = await groups(storage, 'data/', 'data');
        const proofs = await groups(storage, 'proofs/', 'proofs');
        const marks = await groups(storage, 'marks/', 'marks');
        // Listed last: what was sealed meanwhile is none.
        const sealed = await sealedBackups(storage);
        const orphans = [...data, ...proofs, ...marks].filter((one) => !sealed.has(one.prefix));
        const lines = await mapInParallel(orphans, 4, async (one) => {
          const line = judge(one, await writer(storage, one));
          const locked = await orphanLock(storage, one, new Date(input.now));
          return locked
            ? { ...line, litter: false, why: `no manifest, locked until ${locked.toISOString()}` }
            : line;
        });
        for await (const upload of storage.unfinished('')) {
          lines.push({
            what: 'upload',
            key: upload.key,
            upload: upload.id,
            objects: 1,
            bytes: 0,
            since: upload.startedAt.toISOString(),
            deleted: false,
            ...judge.age(upload.startedAt.getTime(), Math.min(UPLOAD_SECONDS, snapshot.stack.limits.litter)),
          });
        }
        return lines;
      });
    },

    /** Deletes what a failed attempt stored; nothing of a backup that has a manifest. Safe to repeat. */
    async discardAttempt(input: FailedSignal): Promise<void> {
      const storage = await ports.storage(input.snapshot);
      const { store, id } = input.attempt;
      if ((await storage.head(keys.manifest(store, id))) !== undefined) return;
      await deleteAll(storage, keys.dataPrefix(store, id));
    },

    /**
     * Deletes litter; data only under the permit that keeps claims away, and only while there is still no manifest.
     * Deleting what is gone already is fine, so running again finishes it. Gives the keys it deleted.
     */
    async deleteLitter(input: {
      snapshot: StackSnapshot;
      lines: readonly LitterLine[];
      holder: ClaimHolder;
    }): Promise<string[]> {
      return await withCall({ title: 'Delete litter' }, async (call) => {
        const storage = await ports.storage(input.snapshot);
        const deleted: string[] = [];
        for (const line of input.lines) {
          if (call.signal.aborted) throw new SteadyError('cancelled');
          if (line.backup) {
            await assertMayDelete(input.snapshot.stack.stack, line.backup, input.holder);
            const { store, id } = line.backup;
            if ((await storage.head(keys.manifest(store, id))) !== undefined) continue;
            // Its lock may have been renewed since it was looked at: it is left for another time.
            if ((await deleteAll(storage, line.key).catch(lockedOnly)) === 'locked') continue;
          } else if (line.upload !== undefined) {
            await storage.abortUnfinished({
              key: line.key,
              id: line.upload,
              startedAt: new Date(line.since),
            });
          }
          Context.current().log.info('litter deleted', { key: line.key, why: line.why });
          deleted.push(line.key);
        }
        return deleted;
      });
    },
  };
}
export type SweepActivities = ReturnType<typeof createSweepActivities>;

interface Orphan {
  readonly what: 'data' | 'proofs' | 'marks';
  /** `<store>/<backup id>`. */
  readonly prefix: string;
  readonly backup: BackupRef;
  readonly objects: number;
  readonly bytes: number;
  /** Milliseconds: the newest of its objects, and not before the moment in its id. */
  readonly newest: number;
}

interface OpenBackup {
  readonly workflowId: string;
  readonly startedAt: number;
}

/** Which run made a data folder, where its draft tells. */
interface Writer {
  readonly workflowId: string;
  readonly running: boolean;
}

function judgeOf(facts: { now: number; limit: number; open: OpenBackup | undefined }) {
  const { now, limit, open } = facts;
  const age = (time: number, seconds: number): Pick<LitterLine, 'litter' | 'why'> => {
    const words = formatDuration(Math.floor((now - time) / 1000));
    if (now - time < seconds * 1000)
      return { litter: false, why: `${words} old, younger than ${formatDuration(seconds)}` };
    if (open !== undefined && time >= open.startedAt)
      return { litter: false, why: `${open.workflowId} is open and may have made it` };
    return { litter: true, why: `${words} old, and no open run made it` };
  };
  const judge = (one: Orphan, by: Writer | undefined): LitterLine => {
    const common = {
      what: one.what,
      backup: one.backup,
      key: `${one.what}/${one.prefix}/`,
      objects: one.objects,
      bytes: one.bytes,
      since: new Date(one.newest).toISOString(),
      deleted: false,
    } as const;
    if (by?.running === true)
      return { ...common, litter: false, why: `${by.workflowId} is open and made it` };
    const { litter, why } = age(one.newest, limit);
    return { ...common, litter, why: `no manifest, ${why}` };
  };
  return Object.assign(judge, { age });
}

/** Objects of a kind by the backup in their key. Keys of another form are not ours to judge. */
async function groups(storage: StoragePort, prefix: string, what: Orphan['what']): Promise<Orphan[]> {
  const found = new Map<string, Orphan>();
  for await (const object of storage.list(prefix)) {
    const [, store, id] = object.key.split('/');
    const time = id === undefined ? undefined : timeOfId(id);
    if (store === undefined || id === undefined || time === undefined) continue;
    const name = `${store}/${id}`;
    const before = found.get(name) ?? {
      what,
      prefix: name,
      backup: { store, id },
      objects: 0,
      bytes: 0,
      newest: time.getTime(),
    };
    found.set(name, with1(before, object));
  }
  return [...found.values()];
}

const with1 = (group: Orphan, object: ListedObject): Orphan => ({
  ...group,
  objects: group.objects + 1,
  bytes: group.bytes + object.bytes,
  newest: Math.max(group.newest, object.modifiedAt.getTime()),
});

/** Failed attempts are not locked; one that was about to be sealed is, and its draft with it. */
async function orphanLock(storage: StoragePort, one: Orphan, now: Date): Promise<Date | undefined> {
  if (one.what !== 'data') return undefined;
  const end = await storage.lock?.until(keys.data(one.backup.store, one.backup.id, DRAFT));
  return end && end > now ? end : undefined;
}

function lockedOnly(error: unknown): 'locked' {
  if (error instanceof SteadyError && error.code === 'storage.locked') return 'locked';
  throw error;
}

async function sealedBackups(storage: StoragePort): Promise<Set<string>> {
  const sealed = new Set<string>();
  for await (const { key } of storage.list('manifests/')) {
    const id = backupIdOfManifestKey(key);
    if (id !== undefined) sealed.add(`${key.split('/')[1]}/${id}`);
  }
  return sealed;
}

/** The draft of a manifest is written when all data are there: a run that is open may yet seal it. */
async function writer(storage: StoragePort, one: Orphan): Promise<Writer | undefined> {
  if (one.what !== 'data') return undefined;
  const key = keys.data(one.backup.store, one.backup.id, DRAFT);
  const draft = await readDocument(storage, key, manifestSchema).catch((error: unknown) => {
    if (error instanceof SteadyError && error.code === 'storage.damaged') return undefined;
    throw error;
  });
  return draft && { workflowId: draft.run.workflowId, running: await isRunning(draft.run) };
}

/** The oldest backup run of the stack that is open: what is newer than its start may be its. */
async function oldestOpenBackup(stack: string): Promise<OpenBackup | undefined> {
  // A restore in place backs up the live data first.
  const query =
    'WorkflowType IN ("backup", "backupStore", "importDumps", "restore") AND ExecutionStatus = "Running"';
  const ours = (['backup', 'backup-store', 'import', 'restore'] as const).map((one) => runId(one, stack, ''));
  let oldest: OpenBackup | undefined;
  for await (const run of Context.current().client.workflow.list({ query })) {
    if (!ours.some((prefix) => run.workflowId.startsWith(prefix))) continue;
    const startedAt = run.startTime.getTime();
    if (oldest === undefined || startedAt < oldest.startedAt)
      oldest = { workflowId: run.workflowId, startedAt };
  }
  return oldest;
}
