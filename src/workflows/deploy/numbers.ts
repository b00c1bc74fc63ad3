import { workflowInfo } from '@temporalio/workflow';
import type { DeployInput } from '../../contracts/runs/deploy.js';
import type { Revision } from '../../contracts/stored/revision.js';
import type { Run } from '../shared/run.js';
import type { VersionDraft } from './version-of.js';

export interface Numbered extends VersionDraft {
  readonly revision: number;
}

export const versionOf = ({ image, settings, revision }: Numbered) => ({ image, settings, revision });

/** A version that has no number yet gets one. */
export async function numbered(
  run: Run,
  input: DeployInput,
  service: string,
  version: VersionDraft,
  origin: Revision['origin'],
): Promise<Numbered> {
  const { image, settings, revision } = version;
  if (revision !== undefined) return { image, settings, revision };
  const { snapshot, by, reason } = input;
  return await run.step(`Number this version of ${service}`, async (note) => {
    const written = await run.activities.look.writeRevision({
      snapshot,
      draft: {
        ...{ service, origin, image, settings },
        at: new Date().toISOString(),
        by: origin === 'found' ? '' : by.name,
        run: workflowInfo().workflowId,
        reason: origin === 'found' ? 'what ran when a deploy began' : reason,
        configSha256: snapshot.configSha256,
        ...(origin === 'deploy' && input.hotfix === true && { hotfix: true as const }),
        ...(origin === 'deploy' && input.change !== undefined && { change: input.change }),
      },
    });
    if (origin === 'found')
      await judge(run, input, { service, revision: written.number }, 'good', 'it ran when a deploy began');
    note(`revision ${written.number}`);
    return { image, settings, revision: written.number };
  });
}

export async function judge(
  run: Run,
  { snapshot }: DeployInput,
  { service, revision }: { readonly service: string; readonly revision: number },
  verdict: 'good' | 'failed',
  why: string,
): Promise<void> {
  const at = new Date().toISOString();
  await run.activities.look.writeVerdict({
    snapshot,
    verdict: { service, number: revision, at, run: workflowInfo().workflowId, verdict, why },
  });
}
