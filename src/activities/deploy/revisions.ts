import { canonicalJson } from '../../contracts/canonical.js';
import { keys, parseRevisionKey } from '../../contracts/keys.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import {
  revisionSchema,
  verdictSchema,
  type Revision,
  type Verdict,
} from '../../contracts/stored/revision.js';
import { createDocument, readDocument } from '../catalog/documents.js';
import { mapInParallel } from '../catalog/in-parallel.js';
import type { Ports } from '../ports.js';

export interface KnownRevision extends Revision {
  /** When it came to run and how that went, oldest first. */
  readonly verdicts: readonly Verdict[];
}

export interface ServiceRevisions {
  readonly service: string;
  /** The oldest first. */
  readonly revisions: readonly KnownRevision[];
}

/** No more of a service are read: older ones stay in storage, and are known by their number alone. */
const MOST_READ = 50;

/** What ran of each service, in storage. Role `proof`: it may read what it compares with. */
export function createRevisionActivities(ports: Ports) {
  const read = async (snapshot: StackSnapshot, service: string): Promise<KnownRevision[]> => {
    const storage = await ports.storage(snapshot);
    const names = [];
    for await (const { key } of storage.list(keys.revisionPrefix(service))) {
      const name = parseRevisionKey(key);
      if (name !== undefined) names.push({ key, ...name });
    }
    const numbers = names
      .filter((one) => one.verdict === undefined)
      .slice(-MOST_READ)
      .map((one) => one.number);
    const wanted = names.filter((one) => numbers.includes(one.number));
    const verdicts: Verdict[] = [];
    const revisions: Revision[] = [];
    await mapInParallel(wanted, 8, async ({ key, verdict }) => {
      if (verdict === undefined) {
        const found = await readDocument(storage, key, revisionSchema);
        if (found) revisions.push(found);
      } else {
        const found = await readDocument(storage, key, verdictSchema);
        if (found) verdicts.push(found);
      }
    });
    verdicts.sort((a, b) => a.at.localeCompare(b.at));
    return revisions
      .sort((a, b) => a.number - b.number)
      .map((one) => ({ ...one, verdicts: verdicts.filter(({ number }) => number === one.number) }));
  };

  return {
    async listRevisions(input: {
      snapshot: StackSnapshot;
      services: readonly string[];
    }): Promise<ServiceRevisions[]> {
      return await Promise.all(
        input.services.map(async (service) => ({ service, revisions: await read(input.snapshot, service) })),
      );
    },

    /**
     * Gives a version its number, which is the next one; create-only. Running again finds what the same run has written:
     * the caller holds the service, so that nobody else counts meanwhile.
     */
    async writeRevision(input: {
      snapshot: StackSnapshot;
      draft: Omit<Revision, 'version' | 'number'>;
    }): Promise<Revision> {
      const { snapshot, draft } = input;
      const revisions = await read(snapshot, draft.service);
      const same = revisions.find(
        (one) => one.run === draft.run && one.origin === draft.origin && sameVersion(one, draft),
      );
      if (same !== undefined) return revisionSchema.strip().parse(same);
      const number = (revisions.at(-1)?.number ?? 0) + 1;
      const revision: Revision = { version: 1, number, ...draft };
      await createDocument(await ports.storage(snapshot), keys.revision(draft.service, number), revision);
      return revision;
    },

    /** Writes how a revision did; create-only, one a run. */
    async writeVerdict(input: { snapshot: StackSnapshot; verdict: Omit<Verdict, 'version'> }): Promise<void> {
      const verdict: Verdict = { version: 1, ...input.verdict };
      const key = keys.verdict(verdict.service, verdict.number, verdict.run, verdict.verdict);
      await createDocument(await ports.storage(input.snapshot), key, verdict);
    },
  };
}
export type RevisionActivities = ReturnType<typeof createRevisionActivities>;

function sameVersion(
  a: Pick<Revision, 'image' | 'settings'>,
  b: Pick<Revision, 'image' | 'settings'>,
): boolean {
  return canonicalJson([a.image, a.settings]) === canonicalJson([b.image, b.settings]);
}
