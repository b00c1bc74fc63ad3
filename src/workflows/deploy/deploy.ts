import type { Version } from '../../activities/deploy/versions.js';
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
import { agreeOn } from '../shared/agree.js';
import { askInStep } from '../shared/ask-in-step.js';
import { askChecks } from '../shared/checks.js';
import { fail } from '../shared/failures.js';
import { requireKnownRequester } from '../shared/requester.js';
import { runProcedure, type Run } from '../shared/run.js';
import { tellNotice } from '../shared/tell-run.js';
import { watchLogs } from '../services/logs.js';
import { runJob } from '../job/run-job.js';
import { backUpFirst } from './backups.js';
import { goThrough } from './checklist.js';
import { createControl } from './control.js';
import { fetchImages } from './fetch-images.js';
import { policyNow } from './hours.js';
import { makeRun } from './make-run.js';
import { judge, numbered, versionOf } from './numbers.js';
import { migrationOf, planDeploy, type DeployPlan, type Seen, type ServicePlan } from './plan.js';
import { seeForDeploy } from './see.js';
import { awaitTime, beginTakeBack, changedSince } from './take-back.js';

/** Another version of services, or another number of them: one instance after another, all of them or none. */
export async function deploy(input: DeployInput): Promise<DeployResult> {
  const { snapshot, procedure, wanted } = input;
  const { stack } = snapshot;
  const services = wanted.map((one) => one.service);
  // From the first change of data on that cannot be undone.
  let held = false;
  const options = {
    procedure,
    limitSeconds: stack.limits.run + (input.takesBack?.afterSeconds ?? 0),
    record: true,
    rollsBack: () => (held ? 'deploy.held' : 'deploy.rolled-back'),
  } as const;

  return await runProcedure(input, options, async (run) => {
    const checkpoint = createControl(run);
    const look = async (): Promise<Seen> => seeForDeploy(run, { snapshot, services });
    await awaitTime(run, input);
    const policy = await policyNow(run, input);
    if (policy) requireKnownRequester(run, input, { request: deployRequest(input), policy });
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
      beforeTaking: (one) => backUpFirst(run, input, planOf(one).services),
      targets: () => [...new Set([...services, ...storesHeldBy(stack, services)])],
      options: (target) => ({
        mode: 'exclusive',
        priority: procedure === 'rollback' || input.hotfix === true ? 'emergency' : 'deploy',
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

    const ready: Ready[] = [];
    for (const one of plan.services) ready.push(await makeReady(run, input, one));
    const known = new Map<string, readonly LogGroup[]>();
    for (const one of ready) {
      const { service, same } = one.plan;
      if (same) continue;
      known.set(service, await run.activities.quick.logErrors({ snapshot, service }));
      await checkpoint();
      const migration = migrationOf(stack, one.plan);
      if (migration !== undefined) {
        held ||= !migration.reversible;
        await runJob(run, { snapshot, job: migration.job, version: one.version });
      }
      await makeRun(run, one.plan, { snapshot, ...one, checkpoint, isHeld: () => held });
    }
    const deployed = ready.map((one) => one.done);
    const smoke = [...new Set(changed.flatMap((one) => stack.services[one.service]?.deploy.smoke ?? []))];
    await askChecks(run, snapshot, smoke);
    const logs = await watchLogs(run, snapshot, known, input.hotfix === true ? HOTFIX_WATCH : 1);
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

/** What was mended in a hurry is watched so many times longer. */
const HOTFIX_WATCH = 3;

interface Ready {
  readonly plan: ServicePlan;
  readonly done: Deployed;
  readonly version: Version;
  readonly from: Version | undefined;
}

/** Numbers the versions, keeps what they are made of, and goes through the checklist: nothing that runs is touched yet. */
async function makeReady(run: Run, input: DeployInput, plan: ServicePlan): Promise<Ready> {
  const { snapshot } = input;
  const { service, count, before, workload } = plan;
  const found = plan.from && (await numbered(run, input, service, plan.from, 'found'));
  // The very version that runs keeps the number that it has just been given.
  const to = plan.to === plan.from && found ? found : await numbered(run, input, service, plan.to, 'deploy');
  const version = versionOf(to);
  const from = found && versionOf(found);
  const scaler = workload?.scaler;
  const done = {
    ...{ service, from: from?.revision, ...version, instances: count, before },
    ...(scaler && { boundsBefore: { min: scaler.min, max: scaler.max } }),
  };
  if (plan.same) return { plan, done, version, from };
  // The way back first: it has to be there before anything of it is stopped.
  if (workload === undefined)
    await run.step(`Keep the images of ${service}`, async () => {
      const { change } = run.activities;
      if (from) await change.holdImage({ snapshot, service, version: from });
      await change.holdImage({ snapshot, service, version });
    });
  if (from?.revision !== version.revision)
    run.compensate(`note that revision ${version.revision} of ${service} failed`, () =>
      judge(run, input, done, 'failed', 'the deploy failed'),
    );
  await goThrough(run, input, plan, version);
  return { plan, done, version, from };
}
