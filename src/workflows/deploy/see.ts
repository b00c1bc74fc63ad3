import { storesNotBack } from '../shared/consumers.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { Run } from '../shared/run.js';
import type { Seen } from './plan.js';
import type { SeenService } from './version-of.js';

/** What runs of services, and what is written down of them. */
export async function seeServices(
  run: Run,
  of: { readonly snapshot: StackSnapshot; readonly services: readonly string[] },
): Promise<SeenService[]> {
  const [facts, revisions] = await Promise.all([
    run.activities.quick.serviceFacts(of),
    run.activities.look.listRevisions(of),
  ]);
  return facts.map((one) => ({
    ...one,
    revisions: revisions.find(({ service }) => service === one.service)?.revisions ?? [],
  }));
}

/** The same, with the stores whose data are not back: what uses them may not be started. */
export async function seeForDeploy(run: Run, of: Parameters<typeof seeServices>[1]): Promise<Seen> {
  const [services, notBack] = await Promise.all([seeServices(run, of), storesNotBack(run, of.snapshot)]);
  return { services, notBack };
}
