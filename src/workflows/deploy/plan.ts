import type { KnownRevision } from '../../activities/deploy/revisions.js';
import type { Instance, ServiceFacts } from '../../activities/deploy/versions.js';
import { canonicalJson } from '../../contracts/canonical.js';
import type { DeployInput, SettingsChange, Wanted } from '../../contracts/runs/deploy.js';
import type { NotBack } from '../../contracts/runs/locks.js';
import type { Strategy } from '../../contracts/stack/deploy.js';
import { consumersOf, dependencyOrder } from '../../contracts/stack/dependencies.js';
import type { Stack } from '../../contracts/stack/stack.js';
import type { Image, Settings } from '../../contracts/stored/revision.js';

/** What was seen of one service that is to be deployed. */
export interface SeenService extends ServiceFacts {
  readonly revisions: readonly KnownRevision[];
}

export interface Seen {
  readonly services: readonly SeenService[];
  readonly notBack: Readonly<Record<string, NotBack>>;
}

/** Image and settings, with the number they have already. */
export interface VersionDraft {
  readonly image: Image;
  readonly settings: Settings;
  readonly revision?: number | undefined;
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
  /** Nothing is to be done. */
  readonly same: boolean;
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

const NO_SETTINGS: Settings = { env: {} };

/** What runs of a service as which version, by what its instances carry, else by what is written down. Pure. */
export function runningVersion({ instances, images, revisions }: SeenService): VersionDraft | undefined {
  const up = instances.filter((one) => one.status === 'running');
  const [first] = up.length > 0 ? up : instances;
  if (first === undefined) return lastGood(revisions);
  const known =
    revisions.find((one) => one.number === first.revision) ??
    // Made by others: it may be what a deploy found before.
    (first.revision === undefined
      ? revisions.findLast((one) => one.origin === 'found' && one.image.id === first.image)
      : undefined);
  if (known !== undefined) return draftOf(known);
  const image = images.find((one) => one.id === first.image);
  return {
    image: image ?? { name: first.imageName ?? first.image ?? '', id: first.image ?? '' },
    settings: NO_SETTINGS,
  };
}

/** Whether an instance is of a version: made as its revision, or found as it. */
export function isOf(instance: Instance, version: VersionDraft): boolean {
  return instance.revision === undefined
    ? instance.image === version.image.id && canonicalJson(version.settings) === canonicalJson(NO_SETTINGS)
    : instance.revision === version.revision;
}

const draftOf = ({ image, settings, number }: KnownRevision): VersionDraft => ({
  image,
  settings,
  revision: number,
});

/** When revisions came to run and did well, the latest last. */
const goodTimes = (
  revisions: readonly KnownRevision[],
): { readonly at: string; readonly one: KnownRevision }[] =>
  revisions
    .flatMap((one) => one.verdicts.filter((it) => it.verdict === 'good').map(({ at }) => ({ at, one })))
    .sort((a, b) => a.at.localeCompare(b.at));

const lastGood = (revisions: readonly KnownRevision[]): VersionDraft | undefined => {
  const last = goodTimes(revisions).at(-1)?.one;
  return last && draftOf(last);
};

/** The one that ran well before this one did. */
function previous(revisions: readonly KnownRevision[], now: number | undefined): VersionDraft | undefined {
  const found = goodTimes(revisions).findLast(({ one }) => one.number !== now)?.one;
  return found && draftOf(found);
}

/**
 * What a deploy, rollback or scaling of these services is, in the order of what they need. Pure.
 *
 * @param fetched the images that were asked for, by service
 */
export function planDeploy(
  stack: Stack,
  input: Pick<DeployInput, 'procedure' | 'wanted' | 'strategy'>,
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
    const before = facts.instances.filter(({ status }) => status === 'running').length;
    const count = one.to === 'count' ? one.count : Math.max(1, before, facts.instances.length);
    const asked = input.strategy ?? stack.services[one.service]?.deploy.strategy ?? 'rolling';
    const alone = facts.obstacles.length > 0;
    const strategy: Strategy = alone ? 'recreate' : asked;
    const same =
      before === count &&
      facts.instances.length === count &&
      facts.instances.every((it) => it.status === 'running' && isOf(it, to));
    if (alone && count > 1)
      unable.push(`${one.service} cannot run ${count} times: ${facts.obstacles.join('; ')}`);
    const plan = { service: one.service, strategy, from, to, before, count, same };
    services.push(plan);
    lines.push(...linesOf(plan, alone && asked === 'rolling' ? facts.obstacles : []));
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

function versionWanted(
  wanted: Wanted,
  of: {
    readonly from: VersionDraft | undefined;
    readonly facts: SeenService;
    readonly fetched: Image | undefined;
  },
): VersionDraft | undefined {
  const { from, facts, fetched } = of;
  const revisions = facts.revisions;
  if (wanted.to === 'count') return from;
  if (wanted.to === 'revision') {
    if (wanted.revision === undefined) return previous(revisions, from?.revision);
    const found = revisions.find((one) => one.number === wanted.revision);
    return found && draftOf(found);
  }
  const image = fetched ?? from?.image;
  if (image === undefined) return undefined;
  const settings = changed(from?.settings ?? NO_SETTINGS, wanted.settings);
  const draft = { image, settings };
  // The same again is no other version.
  return from !== undefined && sameVersion(from, draft) ? from : draft;
}

const sameVersion = (a: VersionDraft, b: VersionDraft): boolean =>
  a.image.id === b.image.id && canonicalJson(a.settings) === canonicalJson(b.settings);

function changed(settings: Settings, change: SettingsChange | undefined): Settings {
  if (change === undefined) return settings;
  const env = Object.fromEntries(
    Object.entries({ ...settings.env, ...change.set }).filter(([name]) => !change.unset.includes(name)),
  );
  const memory = change.memory === undefined ? settings.memory : (change.memory ?? undefined);
  const cpus = change.cpus === undefined ? settings.cpus : (change.cpus ?? undefined);
  return { env, ...(memory !== undefined && { memory }), ...(cpus !== undefined && { cpus }) };
}

function unknownWords(wanted: Wanted, { revisions }: SeenService): string {
  if (wanted.to === 'revision' && wanted.revision !== undefined)
    return `no revision ${wanted.revision}; there are ${revisions.map((one) => one.number).join(', ') || 'none'}`;
  if (wanted.to === 'revision') return 'nothing ran well before what runs now';
  return 'it does not run, and no revision of it is known';
}

function linesOf(plan: ServicePlan, obstacles: readonly string[]): string[] {
  const { service, from, to, before, count, strategy, same } = plan;
  if (same) return [`${service} is as it should be: ${versionWords(to)}, ${times(count)}`];
  const was = from === undefined ? 'nothing' : versionWords(from);
  const version = from !== undefined && (from === to || sameVersion(from, to));
  return [
    version ? `${service} stays ${versionWords(to)}` : `${service}: ${versionWords(to)} instead of ${was}`,
    ...(version ? [] : settingsLines(service, from?.settings ?? NO_SETTINGS, to.settings)),
    ...(before === count ? [] : [`${service} runs ${times(count)} instead of ${times(before)}`]),
    ...(version && before === count
      ? [`${service}: some of its instances do not run, or are of another version: they are replaced`]
      : []),
    strategy === 'rolling'
      ? `${service}: one new instance serves before an old one goes`
      : `${service} stands still meanwhile: the old ones stop first`,
    ...obstacles.map((why) => `${service} cannot run twice: ${why}`),
  ];
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
    if (is === undefined) return [`${service}: ${name} as the compose file has it, no longer ${was ?? ''}`];
    return [`${service}: ${name} ${is}${was === undefined ? '' : `, no longer ${was}`}`];
  });
}
