import { workflowInfo } from '@temporalio/workflow';
import { digestOf } from '../../contracts/canonical.js';
import {
  servicesRequest,
  type ServiceChange,
  type ServicesInput,
  type ServicesResult,
} from '../../contracts/runs/services.js';
import type { Instance } from '../../activities/deploy/versions.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { LogGroup } from '../../contracts/runs/logs.js';
import { storesHeldBy } from '../../contracts/stack/dependencies.js';
import { agreeOn } from '../shared/agree.js';
import { askInStep } from '../shared/ask-in-step.js';
import { storesNotBack } from '../shared/consumers.js';
import { fail } from '../shared/failures.js';
import { requireKnownRequester } from '../shared/requester.js';
import { runProcedure, type Run } from '../shared/run.js';
import { tellNotice } from '../shared/tell-run.js';
import { untilRolledOut } from '../deploy/rollout.js';
import { showLog, watchLogs } from './logs.js';
import { planServices, stateWords, type Seen, type ServicesPlan } from './plan.js';

/** Restarts, stops or starts services: in the order of what they need, one instance after another, health-gated. */
export async function changeServices(input: ServicesInput): Promise<ServicesResult> {
  const { snapshot, verb } = input;
  const { stack } = snapshot;
  const options = { procedure: verb, limitSeconds: stack.limits.run, record: true } as const;

  return await runProcedure(input, options, async (run) => {
    const policy = stack.approvals.services;
    if (policy) requireKnownRequester(run, input, { request: servicesRequest(input), policy });
    const look = async (): Promise<Seen> => {
      const [states, notBack] = await Promise.all([
        run.activities.quick.serviceStates({ snapshot }),
        storesNotBack(run, snapshot),
      ]);
      return { states, notBack };
    };
    const planOf = (seen: Seen): ServicesPlan => planServices(stack, input, seen);
    const first = await run.step('Look at what runs', async (note) => {
      const seen = await look();
      planOf(seen).lines.forEach(note);
      return seen;
    });
    refuse(first, planOf(first));
    const title = `${verb} ${planOf(first).order.join(', ')} of ${stack.stack}`;
    const { seen, lines } = await agreeOn(run, {
      first,
      look,
      lines: (one) => planOf(one).lines,
      plan: (one) => [...planOf(one).order],
      ask:
        policy &&
        (async (_seen, shown) =>
          askInStep(run, {
            step: verb,
            title,
            lines: shown,
            facts: { config: snapshot.configSha256, lines: digestOf(shown) },
            policy,
          })),
      targets: (one) => targetsOf(input, planOf(one)),
      options: (target) => ({
        mode: 'exclusive',
        priority: 'deploy',
        purpose: `${verb} asked by ${input.by.name}`,
        // The data of a store are as they were: only whoever uses them has to wait.
        ...(!Object.hasOwn(stack.services, target) && { reads: true }),
      }),
    });
    const plan = planOf(seen);
    refuse(seen, plan);
    const stops = verb === 'start' ? [] : plan.order;
    await tellNotice(input, verb, { title: `${title} begins`, stops, lines });
    const known = new Map<string, readonly LogGroup[]>();
    for (const service of plan.order) {
      if (verb !== 'stop') known.set(service, await run.activities.quick.logErrors({ snapshot, service }));
      await changeOne(run, input, { service, seen });
    }
    run.commit();
    const logs = await watchLogs(run, snapshot, known);

    const services = await run.step('Look at what runs now', async (note) => {
      const after = await run.activities.quick.serviceStates({ snapshot });
      const changes = plan.order.map((service): ServiceChange => {
        const words = [seen.states, after].map((states) =>
          stateWords(states.find((one) => one.service === service)),
        );
        return { service, before: words[0] ?? '', after: words[1] ?? '' };
      });
      changes.forEach((one) => note(`${one.service}: ${one.after} (before: ${one.before})`));
      return changes;
    });
    return { lines, services, logs };
  });
}

/** Services, and stores that they hold: nobody reads or loads those meanwhile. */
function targetsOf({ snapshot }: ServicesInput, { order }: ServicesPlan): string[] {
  return [...new Set([...order, ...storesHeldBy(snapshot.stack, order)])];
}

function refuse({ notBack }: Seen, { refused, unable }: ServicesPlan): void {
  if (unable.length > 0) throw fail('config.invalid', { services: unable.join('; ') });
  if (refused.length === 0) return;
  const ways = Object.entries(notBack).map(([store, { way, why }]) => way ?? `${store}: ${why}`);
  throw fail('store.not-back', { services: refused.join('; '), way: ways.join('; ') });
}

/** One instance after another, each out of the router before it goes and back when it serves. */
async function restartRouted(
  run: Run,
  of: {
    readonly snapshot: StackSnapshot;
    readonly service: string;
    readonly before: readonly Instance[];
  },
  note: (line: string) => void,
): Promise<void> {
  const { snapshot, service, before } = of;
  const { change, quick } = run.activities;
  const running = async (): Promise<Instance[]> =>
    (await quick.serviceInstances({ snapshot, service })).filter((one) => one.status === 'running');
  for (const instance of before) {
    const others = (await running()).filter((one) => one.id !== instance.id);
    // The only one is asked for until it ends: nobody else could answer.
    if (others.length > 0 && instance.status === 'running') {
      note(await change.sendTraffic({ snapshot, service, to: others }));
      note(await change.awaitDrained({ snapshot, service, instance }));
    }
    (await change.restartService({ snapshot, service, before: [instance] })).forEach(note);
    note(await change.awaitInstances({ snapshot, service, ids: [instance.id] }));
    note(await change.sendTraffic({ snapshot, service, to: await running() }));
  }
  note(await change.settleTraffic({ snapshot, service }));
}

async function changeOne(
  run: Run,
  { snapshot, verb }: ServicesInput,
  { service, seen }: { readonly service: string; readonly seen: Seen },
): Promise<void> {
  const { change, undo, quick } = run.activities;
  const again = async (): Promise<void> => {
    await undo.startService({ snapshot, service });
    await undo.awaitHealthy({ snapshot, service });
    if (snapshot.stack.services[service]?.router !== undefined)
      await undo.settleTraffic({ snapshot, service });
  };
  const ran = seen.states.find((one) => one.service === service)?.status !== 'stopped';
  const before = verb === 'restart' ? await quick.serviceInstances({ snapshot, service }) : [];
  if (verb !== 'start' && ran) run.compensate(`start ${service} again`, again);
  if (verb === 'restart' && ran && snapshot.stack.runtime.kubernetes !== undefined) {
    const { workflowId: cause, startTime } = workflowInfo();
    await run.step(`Have the cluster make ${service} anew`, () =>
      change.tellRenewal({ snapshot, service, cause, at: startTime.toISOString() }),
    );
    await untilRolledOut(run, change, { snapshot, service });
    run.commit();
    return;
  }
  if (verb === 'stop') {
    await run.step(`Stop ${service}`, () => change.stopService({ snapshot, service }));
    return;
  }
  await run.step(verb === 'start' ? `Start ${service}` : `Restart ${service}`, async (note) => {
    if (verb === 'start' || before.length === 0)
      await change.startService({ snapshot, service, create: true });
    else if (snapshot.stack.services[service]?.router !== undefined)
      await restartRouted(run, { snapshot, service, before }, note);
    else (await change.restartService({ snapshot, service, before })).forEach(note);
  });
  try {
    await run.step(`Wait until ${service} is healthy`, async (note) => {
      note(await change.awaitHealthy({ snapshot, service }));
    });
  } catch (error) {
    await showLog(run, { snapshot, service });
    throw error;
  }
  // It serves: what fails after this is no reason to touch it again.
  run.commit();
}
