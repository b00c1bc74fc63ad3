import { formatBounds } from '../../contracts/runs/deploy.js';
import type { Settings } from '../../contracts/stored/revision.js';
import type { Stack } from '../../contracts/stack/stack.js';
import { migrationOf, type ServicePlan } from './plan.js';
import { NO_SETTINGS, sameVersion, type VersionDraft } from './version-of.js';

/** What becomes of one service, a line each, for people. Pure. */
export function linesOf(plan: ServicePlan, obstacles: readonly string[]): string[] {
  const { service, from, to, before, count, same, workload, bounds } = plan;
  if (same) return [`${service} is as it should be: ${versionWords(to)}, ${times(count)}`];
  const was = from === undefined ? 'nothing' : versionWords(from);
  const version = from !== undefined && (from === to || sameVersion(from, to));
  return [
    version ? `${service} stays ${versionWords(to)}` : `${service}: ${versionWords(to)} instead of ${was}`,
    ...(version ? [] : settingsLines(service, from?.settings ?? NO_SETTINGS, to.settings)),
    ...(before === count ? [] : [`${service} runs ${times(count)} instead of ${times(before)}`]),
    ...(bounds === undefined || workload?.scaler === undefined
      ? []
      : [
          `${workload.scaler.name} keeps ${formatBounds(bounds)} instead of ${formatBounds(workload.scaler)}`,
        ]),
    ...(version && before === count && bounds === undefined
      ? [`${service}: some of its instances do not run, or are of another version: they are replaced`]
      : []),
    ...(version && workload !== undefined ? [] : [wayOf(plan)]),
    ...obstacles.map((why) => `${service} cannot run twice: ${why}`),
  ];
}

function wayOf({ service, strategy, workload }: ServicePlan): string {
  if (strategy === 'recreate') return `${service} stands still meanwhile: the old ones stop first`;
  return workload === undefined
    ? `${service}: one new instance serves before an old one goes`
    : `${service}: Kubernetes replaces the pods of ${workload.name}, as that object says`;
}

const times = (count: number): string => (count === 1 ? 'once' : `${count} times`);

/** `revision 7, ghcr.io/acme/api:1.4 (sha256:3f2a…)`. */
export function versionWords({ image, revision }: VersionDraft): string {
  const id = image.id.replace(/^sha256:/, '').slice(0, 12);
  const commit = image.commit === undefined ? '' : `, commit ${image.commit.slice(0, 12)}`;
  return `${revision === undefined ? '' : `revision ${revision}, `}${image.name} (${id}${commit})`;
}

/** The difference of settings, a line each. */
function settingsLines(service: string, from: Settings, to: Settings): string[] {
  const names = [...new Set([...Object.keys(from.env), ...Object.keys(to.env)])].sort();
  const pairs: [string, string | undefined, string | undefined][] = [
    ...names.map((name): [string, string | undefined, string | undefined] => [
      name,
      from.env[name],
      to.env[name],
    ]),
    ['memory', from.memory, to.memory],
    ['cpus', from.cpus, to.cpus],
  ];
  return pairs.flatMap(([name, was, is]) => {
    if (was === is) return [];
    if (is === undefined) return [`${service}: ${name} as its file has it, no longer ${was ?? ''}`];
    return [`${service}: ${name} ${is}${was === undefined ? '' : `, no longer ${was}`}`];
  });
}

/** What a new version does to the data. */
export function migrationLines(stack: Stack, plan: ServicePlan): string[] {
  const migration = migrationOf(stack, plan);
  if (migration === undefined) return [];
  return [
    `${plan.service}: job ${migration.job} changes the data first${
      migration.reversible ? '' : '; that cannot be undone: should the deploy fail, it is left for a person'
    }`,
  ];
}
