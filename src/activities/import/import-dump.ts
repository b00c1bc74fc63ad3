import { randomBytes } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { timeId } from '../../contracts/ids.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import type { Imported } from '../../contracts/stored/manifest.js';
import { storeDump, type Dumped } from '../backup.js';
import { withCall } from '../call.js';
import { tellFailedAttempt } from '../claims.js';
import type { Ports } from '../ports.js';
import { inTurn } from '../transfers.js';
import { dumpTime } from './dump-time.js';
import { readAgain, readDump, readHead } from './open-dump.js';

export interface DumpFileInput {
  readonly snapshot: StackSnapshot;
  readonly store: string;
  readonly file: string;
  /** RFC 3339; left out: what the dump, its name or its file tell. */
  readonly at?: string | undefined;
  /** Workflow time. */
  readonly now: string;
}

/** What a dump is, before anything is done with it. */
export interface DumpFound extends Omit<Imported, 'at'> {
  readonly takenAt: string;
  readonly rawBytes: number;
  readonly rawSha256: string;
}

export interface ImportDumpInput extends DumpFileInput {
  readonly found: DumpFound;
  readonly inside?: string | undefined;
  readonly stackUuid: string;
  readonly run: { readonly workflowId: string; readonly runId: string };
}

/** Dumps by other programs, for workers of the role `backup` on whose host they lie. Nothing live is touched. */
export function createImportActivities(ports: Ports) {
  return {
    /** Reads a dump to its end. Reading only: safe to run again. */
    async inspectDump(input: DumpFileInput): Promise<DumpFound> {
      const { snapshot, store, file, now } = input;
      return await withCall({ title: `Look at ${file}`, store }, async (call) => {
        await ports.reap(call.markerPrefix);
        const port = await ports.store(snapshot, store, 'nobody');
        const dump = await readDump(call, file);
        const known = named(file, () => port.recognise(dump));
        const { modifiedAt } = dump;
        const zone = snapshot.stack.timezone;
        const { takenAt, timeFrom } = dumpTime({
          file,
          modifiedAt,
          zone,
          given: input.at,
          told: known.takenAt,
        });
        if (Date.parse(takenAt) > Date.parse(now))
          throw new SteadyError('import.refused', {
            file,
            time: takenAt,
            says: 'its data would be of the future: say when they were taken, --at TIME',
          });
        const { bytes, sha256, rawBytes, rawSha256 } = dump;
        const { format } = known;
        return { file, host: hostname(), format, bytes, sha256, rawBytes, rawSha256, takenAt, timeFrom };
      });
    },

    /**
     * Makes a backup of a dump. Running again is safe: each attempt has an id of its own, with the dump's own time, and
     * what an earlier one left is ended and removed first. Fails with `import.damaged` when it is another file by now.
     */
    async importDump(input: ImportDumpInput): Promise<Dumped> {
      const { snapshot, store, file, found } = input;
      return await withCall({ title: `Import ${file}`, store }, async (call) => {
        await ports.reap(call.markerPrefix);
        const [port, storage] = await Promise.all([
          ports.store(snapshot, store, 'reader'),
          ports.storage(snapshot),
        ]);
        const head = await readHead(call, file);
        const { takenAt, rawBytes, rawSha256, ...imported } = found;
        const backupId = timeId(new Date(takenAt), randomBytes(5));
        call.expect(rawBytes);
        try {
          const scratch = join(ports.scratch, `${call.markerPrefix}import`);
          const transfer = (folder: string) =>
            storeDump(call, {
              ...{ input, port, storage, backupId, hurry: false },
              imported: { ...imported, at: input.now },
              async dump(writer) {
                const open = () => readAgain(call, { file, rawSha256 });
                const dump = { file, head, rawBytes, folder, inside: input.inside, open };
                return { ...(await port.importDump(call, writer, dump)), takenAt };
              },
            });
          return await inTurn(call, snapshot, () => inFolder(scratch, transfer));
        } catch (error) {
          await tellFailedAttempt(snapshot, { store, id: backupId }).catch(() => undefined);
          throw error;
        }
      });
    },
  };
}
export type ImportActivities = ReturnType<typeof createImportActivities>;

/** The same for all attempts: what a killed one left there would be as large as the store, for ever. */
async function inFolder<T>(folder: string, use: (folder: string) => Promise<T>): Promise<T> {
  await rm(folder, { recursive: true, force: true });
  // A throwaway server runs under an account of its own, which has to pass.
  await mkdir(folder, { recursive: true, mode: 0o711 });
  try {
    return await use(folder);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** A store knows what is wrong with a dump, not which of several it is. */
function named<T>(file: string, look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof SteadyError)) throw error;
    const { hint, retryable, cause } = error;
    throw new SteadyError(error.code, { file, ...error.facts }, { hint, retryable, cause });
  }
}
