import type { Workload } from '../../activities/deploy/versions.js';
import type { Bounds, DeployInput, Wanted } from '../../contracts/runs/deploy.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { MigrateConfig, Strategy } from '../../contracts/stack/deploy.js';
import { consumersOf, dependencyOrder } from '../../contracts/stack/dependencies.js';
import type { Stack } from '../../contracts/stack/stack.js';
import type { Image } from '../../contracts/stored/revision.js';
import { linesOf, migrationLines } from './plan-lines.js';
import {
  carriedBy,
  isOf,
  runningVersion,
  sameVersion,
  unknownWords,
  versionWanted,
  type SeenService,
  type VersionDraft,
} from './version-of.js';

export interface Seen {
  readonly services: readonly SeenService[];
  readonly notBack: Readonly<Record<string, NotBack>>;
}

export interface ServicePlan {
  readonly service: string;
  readonly strategy: Strategy;
  /** What runs: without a number it was started by others. Undefined: nothing, and nothing did before. */
  readonly from: VersionDraft | undefined;
  readonly to: VersionDraft;
  /** Instances before and after. */
  readonly before: number;
  readonly count: number;
  /** Where its platform rolls it out by itself. */
  readonly workload?: Workload | undefined;
  /** What scales it by itself gets other bounds. */
  readonly bounds?: Bounds | undefined;
  /** Nothing is to be done. */
  readonly same: boolean;
}

/** Whether a service becomes a version that it was not yet. */
export const isNew = ({ same, from, to }: ServicePlan): boolean =>
  !same && to.revision === undefined && !(from !== undefined && sameVersion(from, to));

/** The change of data that a plan needs: each new image does, settings and what was there before do not. */
export function migrationOf(stack: Stack, plan: ServicePlan): MigrateConfig | undefined {
  const migrate = stack.services[plan.service]?.deploy.migrate;
  return isNew(plan) && plan.from?.image.id !== plan.to.image.id ? migrate : undefined;
}

export interface DeployPlan {
  /** In the order they are changed. */
  readonly services: readonly ServicePlan[];
  /** What will happen, a line each, for people. */
  readonly lines: readonly string[];
  /** Why it cannot be, a line each. */
  readonly unable: readonly string[];
  /** Revisions that are asked for and are not there. */
  readonly unknown: readonly string[];
  /** Services that may not be started, and why. */
  readonly refused: readonly string[];
}

/**
 * What a deploy, rollback or scaling of these services is, in the order of what they need. Pure.
 *
 * @param fetched the images that were asked for, by service
 */
export function planDeploy(
  stack: Stack,
  input: Pick<DeployInput, 'procedure' | 'wanted' | 'strategy' | 'evenIfManaged'>,
  { services: seen, notBack }: Seen,
  fetched: Readonly<Record<string, Image>>,
): DeployPlan {
  const order = dependencyOrder(stack);
  const wanted = [...input.wanted].sort((a, b) => order.indexOf(a.service) - order.indexOf(b.service));
  const services: ServicePlan[] = [];
  const lines: string[] = [];
  const unable: string[] = [];
  const unknown: string[] = [];
  for (const one of wanted) {
    const facts = seen.find(({ service }) => service === one.service);
    if (facts === undefined) continue;
    const from = runningVersion(facts);
    const to = versionWanted(one, { from, facts, fetched: fetched[one.service] });
    if (to === undefined) {
      unknown.push(`${one.service}: ${unknownWords(one, facts)}`);
      continue;
    }
    const { workload, obstacles } = facts;
    const numbers = numbersOf(one, facts);
    const { before, count, bounds } = numbers;
    const asked = input.strategy ?? stack.services[one.service]?.deploy.strategy ?? 'rolling';
    const alone = obstacles.length > 0;
    const plan: ServicePlan = {
      ...{ service: one.service, from, to, ...numbers, workload },
      strategy: workload === undefined ? (alone ? 'recreate' : asked) : ownStrategy(workload),
      same: before === count && bounds === undefined && isAsWanted(facts, to, count),
    };
    if (alone && count > 1) unable.push(`${one.service} cannot run ${count} times: ${obstacles.join('; ')}`);
    if (workload !== undefined && !plan.same) unable.push(...unableWorkload(workload, plan, input));
    unable.push(...unableNumber(one, facts));
    services.push(plan);
    lines.push(...linesOf(plan, asked === 'rolling' ? obstacles : []), ...migrationLines(stack, plan));
  }
  const still = consumersOf(stack, Object.keys(notBack));
  return {
    services,
    lines,
    unable,
    unknown,
    refused: services
      .filter(({ service }) => still.includes(service))
      .map(({ service }) => `${service} uses data that are not back`),
  };
}

type Numbers = Pick<ServicePlan, 'before' | 'count' | 'bounds'>;

/** How many instances there are and will be, and within which bounds what scales them by itself keeps that. */
function numbersOf(wanted: Wanted, { instances, workload }: SeenService): Numbers {
  if (workload === undefined) {
    const before = instances.filter(({ status }) => status === 'running').length;
    return { before, count: wanted.to === 'count' ? wanted.count : Math.max(1, before, instances.length) };
  }
  const { count: before, scaler } = workload;
  if (wanted.to !== 'count') return { before, count: before };
  // Kubernetes' scaler leaves a workload of no instances alone.
  if (scaler === undefined || wanted.count === 0) return { before, count: wanted.count };
  const bounds = wanted.bounds ?? { min: wanted.count, max: Math.max(wanted.count, scaler.max) };
  const count = Math.min(Math.max(wanted.bounds ? before : wanted.count, bounds.min), bounds.max);
  const stay = bounds.min === scaler.min && bounds.max === scaler.max;
  return { before, count, ...(!stay && { bounds }) };
}

const ownStrategy = ({ recreates }: Workload): Strategy => (recreates ? 'recreate' : 'rolling');

function isAsWanted({ instances, workload }: SeenService, to: VersionDraft, count: number): boolean {
  if (workload !== undefined) return workload.rollout.done && isOf(carriedBy(workload), to);
  return instances.length === count && instances.every((it) => it.status === 'running' && isOf(it, to));
}

/** Why a workload cannot be changed so, a line each. */
function unableWorkload(
  workload: Workload,
  { service }: ServicePlan,
  { strategy, evenIfManaged }: Pick<DeployInput, 'strategy' | 'evenIfManaged'>,
): string[] {
  const { name, managedBy } = workload;
  return [
    ...(managedBy !== undefined && evenIfManaged !== true
      ? [
          `${service}: ${name} is kept by ${managedBy}, which would undo it: change it there, or say --even-if-managed`,
        ]
      : []),
    ...(strategy !== undefined && strategy !== ownStrategy(workload)
      ? [`${service}: the object ${name} itself says ${ownStrategy(workload)}, not ${strategy}`]
      : []),
  ];
}

/** Numbers that mean something else, or nothing, a line each. */
function unableNumber(wanted: Wanted, { workload }: SeenService): string[] {
  if (wanted.to !== 'count') return [];
  const { service, count, bounds } = wanted;
  return [
    ...(count === 0 && workload === undefined
      ? [`${service}: none of it is a stop: steady stop ${service}`]
      : []),
    ...(bounds !== undefined && workload?.scaler === undefined
      ? [`${service}: nothing scales it by itself: name one number`]
      : []),
  ];
}
