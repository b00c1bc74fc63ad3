import type { KnownRevision } from '../../activities/deploy/revisions.js';
import type { Instance, ServiceFacts, Workload } from '../../activities/deploy/versions.js';
import { canonicalJson } from '../../contracts/canonical.js';
import type { SettingsChange, Wanted } from '../../contracts/runs/deploy.js';
import type { Image, Settings } from '../../contracts/stored/revision.js';

/** What was seen of one service that is to be deployed. */
export interface SeenService extends ServiceFacts {
  readonly revisions: readonly KnownRevision[];
}

/** Image and settings, with the number they have already. */
export interface VersionDraft {
  readonly image: Image;
  readonly settings: Settings;
  readonly revision?: number | undefined;
}

export const NO_SETTINGS: Settings = { env: {} };

/** What runs of a service as which version, by what its instances carry, else by what is written down. Pure. */
export function runningVersion({
  instances,
  images,
  revisions,
  workload,
}: SeenService): VersionDraft | undefined {
  const up = instances.filter((one) => one.status === 'running');
  // A platform is told one version, whatever it has come to.
  const first: Carried | undefined = workload ? carriedBy(workload) : (up[0] ?? instances[0]);
  if (first === undefined) return lastGood(revisions);
  const known =
    revisions.find((one) => one.number === first.revision && isStill(one, workload)) ??
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

/** Of a workload others may have told another image since, and left our number on it. */
const isStill = ({ image }: KnownRevision, workload: Workload | undefined): boolean =>
  workload === undefined || workload.image.id === (image.digest ?? image.name);

type Carried = Pick<Instance, 'image' | 'imageName' | 'revision'>;

/** What a workload carries, as its instances would. */
export const carriedBy = ({ image, revision }: Workload): Carried => ({
  image: image.id,
  imageName: image.name,
  revision,
});

/** Whether an instance is of a version: made as its revision, or found as it. */
export function isOf(instance: Carried, version: VersionDraft): boolean {
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

export function versionWanted(
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

export const sameVersion = (a: VersionDraft, b: VersionDraft): boolean =>
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

export function unknownWords(wanted: Wanted, { revisions }: SeenService): string {
  if (wanted.to === 'revision' && wanted.revision !== undefined)
    return `no revision ${wanted.revision}; there are ${revisions.map((one) => one.number).join(', ') || 'none'}`;
  if (wanted.to === 'revision') return 'nothing ran well before what runs now';
  return 'it does not run, and no revision of it is known';
}
