import { backupsToMark } from '../../contracts/runs/backups-to-mark.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import type { RevisionLine } from '../../contracts/runs/deploy.js';
import type { LookInput, MarkAfterInput, MarkInput, MarkResult } from '../../contracts/runs/procedures.js';
import { runningVersion } from '../deploy/version-of.js';
import { failureOf } from '../shared/failures.js';
import { runProcedure, type Run } from '../shared/run.js';

/** Short runs that read storage on a worker, for `status` and `backup list`: they change nothing, leave no record. */
export async function look(input: LookInput): Promise<unknown> {
  const { snapshot, stores } = input;
  return await runProcedure<unknown>(
    input,
    { procedure: 'look', limitSeconds: 300, record: false },
    async (run) => {
      switch (input.what) {
        case 'standings':
          return await run.activities.look.standings({ snapshot });
        case 'backups':
          return await run.activities.look.listBackups({ snapshot, stores });
        case 'backup':
          return await run.activities.look.showBackup({ snapshot, stores, id: input.id ?? '' });
        case 'services':
          return await run.activities.quick.serviceStates({ snapshot });
        case 'tampering':
          return await run.activities.look.tampering({ snapshot });
        case 'log':
          return input.log && (await run.activities.quick.queryLog({ snapshot, query: input.log }));
        case 'health':
          return await run.activities.quick.serviceHealth({ snapshot, services: input.services ?? [] });
        case 'revisions':
          return await listHistory(run, input);
        case 'keys':
          return await run.activities.look.testKey({ snapshot, stores });
      }
    },
  );
}

/** Revisions of services, and how many instances run as each. */
async function listHistory(run: Run, { snapshot, services = [] }: LookInput): Promise<RevisionLine[]> {
  const [known, facts] = await Promise.all([
    run.activities.look.listRevisions({ snapshot, services }),
    run.activities.quick.serviceFacts({ snapshot, services }),
  ]);
  return known.flatMap(({ service, revisions }) => {
    const seen = facts.find((one) => one.service === service);
    const now = seen && runningVersion({ ...seen, revisions });
    return revisions.map((one) => ({
      ...one,
      running:
        seen?.instances.filter(
          (it) =>
            it.status === 'running' &&
            (it.revision === one.number || (it.revision === undefined && now?.revision === one.number)),
        ).length ?? 0,
    }));
  });
}

/** Marks a backup, or all with data from a moment on: keep, accepted, suspect. Nothing is deleted. */
export async function mark(input: MarkInput | MarkAfterInput): Promise<MarkResult> {
  const { snapshot, kind, reason } = input;
  const limitSeconds = 'after' in input ? snapshot.stack.limits.run : 300;
  return await runProcedure(input, { procedure: 'mark', limitSeconds, record: true }, async (run) => {
    const until = 'after' in input ? undefined : input.until;
    const markOne = ({ store, id }: BackupRef): Promise<void> =>
      run.activities.look.mark({
        snapshot,
        mark: { store, id, kind, reason, ...(until !== undefined && { until }) },
        by: input.by.name,
        now: new Date().toISOString(),
      });
    if (!('after' in input)) {
      const { store, id } = input;
      await run.step(`Mark ${store} ${id} ${kind}`, () => markOne({ store, id }));
      return { marked: [{ store, id }] };
    }
    const { stores } = input;
    const backups = await run.step('Find the backups', async () =>
      backupsToMark(await run.activities.look.listBackups({ snapshot, stores }), input),
    );
    for (const store of stores) {
      const own = backups.filter((one) => one.store === store);
      if (own.length === 0) continue;
      await run.step(`Mark ${own.length} of ${store} ${kind}`, async (note) => {
        for (const one of own) {
          const gone = await markOne(one).then(
            () => false,
            (error: unknown) => {
              if (failureOf(error).code !== 'backup.unknown') throw error;
              return true;
            },
          );
          note(gone ? `${one.id}: pruned meanwhile` : one.id);
        }
      });
    }
    return { marked: backups };
  });
}
