import type { LookInput, MarkInput } from '../../contracts/runs/procedures.js';
import { runProcedure } from '../shared/run.js';

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
        case 'keys':
          return await run.activities.look.testKey({ snapshot, stores });
      }
    },
  );
}

/** Marks a backup: keep, accepted, suspect. */
export async function mark(input: MarkInput): Promise<void> {
  const { snapshot, store, id, kind, until, reason } = input;
  await runProcedure(input, { procedure: 'mark', limitSeconds: 300, record: true }, (run) =>
    run.step(`Mark ${store} ${id} ${kind}`, () =>
      run.activities.look.mark({
        snapshot,
        mark: { store, id, kind, reason, ...(until !== undefined && { until }) },
        by: input.by.name,
        now: new Date().toISOString(),
      }),
    ),
  );
}
