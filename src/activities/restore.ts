import type { LiveFacts, RestorePlace, RestorePreview, UndoOptions } from '../adapters/stores/port.js';
import { SteadyError } from '../contracts/failures.js';
import type { BackupRef } from '../contracts/runs/claims.js';
import type { ContentFacts } from '../contracts/stored/manifest.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { withCall } from './call.js';
import { readManifest } from './catalog/read-manifest.js';
import { expectedSeconds, type Expected } from './catalog/restore-history.js';
import { assertHeld, type FenceCheck } from './locks.js';
import { assertOpens } from './opens-backup.js';
import type { Ports } from './ports.js';
import { backupReader } from './streams.js';

export interface RestoreStep {
  readonly snapshot: StackSnapshot;
  readonly backup: BackupRef;
  readonly place: RestorePlace;
  /** The grant under which it changes the store; left out where nothing live is changed. */
  readonly fence?: FenceCheck;
}

export interface Previewed {
  readonly store: string;
  readonly backupId: string;
  readonly takenAt: string;
  readonly bytes: number;
  readonly rawBytes: number;
  readonly server: string;
  /** From measured history; left out where there is none. */
  readonly expected?: Expected | undefined;
  readonly preview: RestorePreview;
  /** Where the live data now differ from the backup, a line each, the largest differences first. */
  readonly differs: readonly string[];
}

/** The phases of a restore, for workers of the role `change`. What makes each safe to repeat is the store port's. */
export function createRestoreActivities(ports: Ports) {
  return {
    /** Looks before anything is touched; throws what forbids the restore. */
    async previewRestore(input: RestoreStep): Promise<Previewed> {
      return await withCall(
        { title: `Look at ${input.backup.store}`, store: input.backup.store },
        async (call) => {
          const [port, storage] = await Promise.all([
            ports.store(input.snapshot, input.backup.store),
            ports.storage(input.snapshot),
          ]);
          const manifest = await readManifest(storage, input.backup);
          if (manifest.kind !== port.kind) {
            throw new SteadyError('store.unsupported', {
              store: input.backup.store,
              backup: manifest.kind,
              configured: port.kind,
            });
          }
          // Before services are stopped, and before data are deleted to make room.
          await assertOpens(manifest, { ports, storage, snapshot: input.snapshot });
          const preview = await port.preview(call, manifest, input.place);
          return {
            store: manifest.store,
            backupId: manifest.id,
            takenAt: manifest.takenAt,
            bytes: manifest.bytes,
            rawBytes: manifest.rawBytes,
            server: `${manifest.server.product} ${manifest.server.version}`,
            // A guess for people: that history cannot be read is no reason not to restore.
            expected: await expectedSeconds(storage, manifest).catch(() => undefined),
            preview,
            differs: preview.live ? differences(manifest.facts, preview.live) : [],
          };
        },
      );
    },

    /** Loads beside the live data (or into a new place); begins by removing what an earlier attempt made there. */
    async loadBackup(input: RestoreStep): Promise<{ rawBytes: number; seconds: number }> {
      return await withCall(
        { title: `Load ${input.backup.store}`, store: input.backup.store },
        async (call) => {
          await ports.reap(call.markerPrefix);
          // In place, loading is what changes the live data.
          if (input.fence) await assertHeld([input.fence]);
          const started = Date.now();
          const [port, storage] = await Promise.all([
            ports.store(input.snapshot, input.backup.store),
            ports.storage(input.snapshot),
          ]);
          const manifest = await readManifest(storage, input.backup);
          await port.load(
            call,
            await backupReader(call, { ports, storage, snapshot: input.snapshot, manifest, hurry: true }),
            input.place,
          );
          return { rawBytes: manifest.rawBytes, seconds: (Date.now() - started) / 1000 };
        },
      );
    },

    /** Compares what was loaded with the manifest; reading only. */
    async compareLoaded(input: RestoreStep): Promise<string[]> {
      return await withCall(
        { title: `Compare ${input.backup.store}`, store: input.backup.store },
        async (call) => {
          const [port, storage] = await Promise.all([
            ports.store(input.snapshot, input.backup.store),
            ports.storage(input.snapshot),
          ]);
          return await port.compare(call, await readManifest(storage, input.backup), input.place);
        },
      );
    },

    /** Switches to the loaded data. The store looks first: done already is done. */
    async cutOver(input: RestoreStep): Promise<{ gapSeconds: number; notes: string[] }> {
      return await withCall(
        { title: `Cut over ${input.backup.store}`, store: input.backup.store },
        async (call) => {
          if (input.fence) await assertHeld([input.fence]);
          const port = await ports.store(input.snapshot, input.backup.store);
          return await port.cutover(call, input.place);
        },
      );
    },

    /** Puts back what was there: removes what was loaded, or switches back. `finished`: after a restore that had ended. */
    async undoRestore(
      input: Omit<RestoreStep, 'backup'> & { store: string } & UndoOptions,
    ): Promise<string[]> {
      return await withCall({ title: `Put back ${input.store}`, store: input.store }, async (call) => {
        await ports.reap(call.markerPrefix);
        if (input.fence) await assertHeld([input.fence]);
        const port = await ports.store(input.snapshot, input.store);
        const { finished, begun } = input;
        return await port.undo(call, input.place, { finished, begun });
      });
    },

    /** Under what name data of this restore are kept beside the live ones; left out where none are. Reading only. */
    async keptBeside(input: Omit<RestoreStep, 'backup'> & { store: string }): Promise<{ as?: string }> {
      return await withCall(
        { title: `Look what is kept of ${input.store}`, store: input.store },
        async (call) => {
          const port = await ports.store(input.snapshot, input.store);
          const as = await port.kept(call, input.place);
          return as === undefined ? {} : { as };
        },
      );
    },

    /** Drops the replaced data when their hold has ended. */
    async releaseReplaced(input: Omit<RestoreStep, 'backup'> & { store: string }): Promise<string[]> {
      return await withCall({ title: `Release ${input.store}`, store: input.store }, async (call) => {
        if (input.fence) await assertHeld([input.fence]);
        const port = await ports.store(input.snapshot, input.store);
        return await port.release(call, input.place);
      });
    },
  };
}
export type RestoreActivities = ReturnType<typeof createRestoreActivities>;

/** Differences that are worth a line; the rest is a number. */
const DIFFERENCES_SHOWN = 10;

/** Counted things of which there are more or fewer now than in the backup, the largest differences first. */
function differences(backup: ContentFacts, { facts: live, uncounted }: LiveFacts): string[] {
  if (uncounted) return ['not counted, which would take long'];
  const before = { ...backup.atMost, ...backup.counts };
  const now = { ...live.atMost, ...live.counts };
  const differing = [...new Set([...Object.keys(before), ...Object.keys(now)])]
    .map((name) => ({ name, was: before[name] ?? 0, is: now[name] ?? 0 }))
    .filter(({ was, is }) => was !== is)
    .sort((a, b) => Math.abs(b.is - b.was) - Math.abs(a.is - a.was));
  const lines = differing
    .slice(0, DIFFERENCES_SHOWN)
    .map(({ name, was, is }) => `${name} ${is} (backup: ${was})`);
  const more = differing.length - lines.length;
  return more > 0 ? [...lines, `and ${more} more that differ`] : lines;
}
