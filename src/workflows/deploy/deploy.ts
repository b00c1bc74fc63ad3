import { workflowInfo } from '@temporalio/workflow';
import { digestOf } from '../../contracts/canonical.js';
import {
  deployRequest,
  type Deployed,
  type DeployInput,
  type DeployResult,
} from '../../contracts/runs/deploy.js';
import type { LogGroup } from '../../contracts/runs/logs.js';
import { storesHeldBy } from '../../contracts/stack/dependencies.js';
import { formatDuration } from '../../contracts/stack/units.js';
import type { Revision } from '../../contracts/stored/revision.js';
import { agreeOn } from '../shared/agree.js';
import { askInStep } from '../shared/ask-in-step.js';
import { askChecks } from '../shared/checks.js';
import { storesNotBack } from '../shared/consumers.js';
import { fail } from '../shared/failures.js';
import { requireKnownRequester } from '../shared/requester.js';
import { runProcedure, type Run } from '../shared/run.js';
import { tellNotice } from '../shared/tell-run.js';
import { watchLogs } from '../services/logs.js';
import { createControl, type Checkpoint } from './control.js';
import { fetchImages } from './fetch-images.js';
import { planDeploy, type DeployPlan, type Seen, type ServicePlan, type VersionDraft } from './plan.js';
import { roll } from './roll.js';
import { awaitTime, beginTakeBack, changedSince, isAgreed } from './take-back.js';

/** Another version of services, or another number of them: one instance after another, all of them or none. */
export async function deploy(input: DeployInput): Promise<DeployResult> {
  const { snapshot, procedure, wanted } = input;
  const { stack } = snapshot;
  const services = wanted.map((one) => one.service);
  const options = {
    procedure,
    limitSeconds: stack.limits.run + (input.takesBack?.afterSeconds ?? 0),
    record: true,
    rollsBack: true,
  } as const;

  return await runProcedure(input, options, async (run) => {
    const checkpoint = createControl(run);
    const policy = isAgreed(input) ? undefined : stack.approvals.deploy;
    if (policy) requireKnownRequester(run, input, { request: deployRequest(input), policy });
    const look = async (): Promise<Seen> => {
      const [facts, revisions, notBack] = await Promise.all([
        run.activities.quick.serviceFacts({ snapshot, services }),
        run.activities.look.listRevisions({ snapshot, services }),
        storesNotBack(run, snapshot),
      ]);
      return {
        services: facts.map((one) => ({
          ...one,
          revisions: revisions.find(({ service }) => service === one.service)?.revisions ?? [],
        })),
        notBack,
      };
    };
    await awaitTime(run, input);
    await run.step('Open storage', () => run.activities.look.openStack(snapshot));
    const fetched = await fetchImages(run, input);
    const planOf = (seen: Seen): DeployPlan => {
      const left = changedSince(input, seen.services);
      const plan = planDeploy(
        stack,
        { ...input, wanted: wanted.filter(({ service }) => !left.includes(service)) },
        seen,
        fetched,
      );
      const lines = left.map((one) => `${one} is another version by now, and stays as it is`);
      const back =
        input.forSeconds === undefined
          ? []
          : [`all of it as before after ${formatDuration(input.forSeconds)}`];
      return { ...plan, lines: [...plan.lines, ...lines, ...back] };
    };
    const first = await run.step('Look at what runs', async (note) => {
      const seen = await look();
      planOf(seen).lines.forEach(note);
      return seen;
    });
    refuse(first, planOf(first));
    const title = `${procedure} ${planOf(first)
      .services.map((one) => one.service)
      .join(', ')} of ${stack.stack}`;
    const { seen, lines } = await agreeOn(run, {
      first,
      look,
      lines: (one) => planOf(one).lines,
      plan: (one) => planOf(one).lines,
      ask:
        policy &&
        (async (_seen, shown) =>
          askInStep(run, {
            step: procedure,
            title,
            lines: shown,
            facts: { config: snapshot.configSha256, lines: digestOf(shown) },
            policy,
          })),
      targets: () => [...new Set([...services, ...storesHeldBy(stack, services)])],
      options: (target) => ({
        mode: 'exclusive',
        priority: procedure === 'rollback' ? 'emergency' : 'deploy',
        purpose: `${procedure} asked by ${input.by.name}`,
        // The data of a store are as they were: only whoever uses them has to wait.
        ...(!Object.hasOwn(stack.services, target) && { reads: true }),
      }),
    });
    const plan = planOf(seen);
    refuse(seen, plan);
    const changed = plan.services.filter((one) => !one.same);
    const stops = changed.filter((one) => one.strategy === 'recreate').map((one) => one.service);
    if (changed.length > 0) await tellNotice(input, procedure, { title: `${title} begins`, stops, lines });

    const known = new Map<string, readonly LogGroup[]>();
    const deployed: Deployed[] = [];
    for (const one of plan.services) {
      if (!one.same)
        known.set(one.service, await run.activities.quick.logErrors({ snapshot, service: one.service }));
      await checkpoint();
      deployed.push(await deployOne(run, input, one, checkpoint));
    }
    const smoke = [...new Set(changed.flatMap((one) => stack.services[one.service]?.deploy.smoke ?? []))];
    await askChecks(run, snapshot, smoke);
    const logs = await watchLogs(run, snapshot, known);
    run.commit();
    // Another number of the same is no other version.
    for (const one of deployed)
      if (known.has(one.service) && one.from !== one.revision)
        await judge(run, input, one, 'good', 'all instances serve');
    const takenBackBy =
      input.forSeconds !== undefined && changed.length > 0
        ? await beginTakeBack(input, deployed, 'deploy')
        : undefined;
    return { lines, services: deployed, logs, takenBackBy };
  });
}

function refuse({ notBack }: Seen, { unable, unknown, refused }: DeployPlan): void {
  if (unknown.length > 0) throw fail('revision.unknown', { services: unknown.join('; ') });
  if (unable.length > 0) throw fail('deploy.unable', { services: unable.join('; ') });
  if (refused.length === 0) return;
  const ways = Object.entries(notBack).map(([store, { way, why }]) => way ?? `${store}: ${why}`);
  throw fail('store.not-back', { services: refused.join('; '), way: ways.join('; ') });
}

async function deployOne(
  run: Run,
  input: DeployInput,
  plan: ServicePlan,
  checkpoint: Checkpoint,
): Promise<Deployed> {
  const { snapshot } = input;
  const { service, strategy, count, before } = plan;
  const from = plan.from && (await numbered(run, input, service, plan.from, 'found'));
  // The very version that runs keeps the number that it has just been given.
  const to = plan.to === plan.from && from ? from : await numbered(run, input, service, plan.to, 'deploy');
  const version = versionOf(to);
  const done = { service, from: from?.revision, ...version, instances: count, before };
  if (plan.same) return done;
  const { change, undo } = run.activities;
  await run.step(`Keep the images of ${service}`, async () => {
    // The way back first: it has to be there before anything of it is stopped.
    if (from) await change.holdImage({ snapshot, service, version: versionOf(from) });
    await change.holdImage({ snapshot, service, version });
  });
  if (from?.revision !== to.revision)
    run.compensate(`note that revision ${to.revision} of ${service} failed`, () =>
      judge(run, input, done, 'failed', 'what ran before was put back'),
    );
  run.compensate(`run ${service} as it did before`, () =>
    roll(run, undo, {
      ...{ snapshot, service, strategy, away: true },
      version: versionOf(from ?? to),
      count: from ? before : 0,
    }),
  );
  await roll(run, change, { snapshot, service, strategy, version, count, checkpoint });
  return done;
}

interface Numbered extends VersionDraft {
  readonly revision: number;
}

const versionOf = ({ image, settings, revision }: Numbered) => ({ image, settings, revision });

/** A version that has no number yet gets one. */
async function numbered(
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
      },
    });
    if (origin === 'found')
      await judge(run, input, { service, revision: written.number }, 'good', 'it ran when a deploy began');
    note(`revision ${written.number}`);
    return { image, settings, revision: written.number };
  });
}

async function judge(
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
