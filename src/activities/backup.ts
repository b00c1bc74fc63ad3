import { randomBytes } from 'node:crypto';
import { Readable } from 'node:stream';
import { Context } from '@temporalio/activity';
import type { StoragePort } from '../adapters/storage/port.js';
import type { BackupWriter, DumpResult, StorePort } from '../adapters/stores/port.js';
import { timeId } from '../contracts/ids.js';
import { keys } from '../contracts/keys.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { needsQuiet } from '../contracts/stack/stores.js';
import { manifestSchema, type Imported, type Manifest } from '../contracts/stored/manifest.js';
import { documentBytes, sha256Hex } from './catalog/documents.js';
import { withCall, type ActivityCall } from './call.js';
import { tellFailedAttempt } from './claims.js';
import type { Ports } from './ports.js';
import { backupWriter } from './streams.js';
import { inTurn } from './transfers.js';

export interface DumpInput {
  readonly snapshot: StackSnapshot;
  readonly store: string;
  readonly stackUuid: string;
  /** Workflow time, RFC 3339: one clock for the ids of all workers. */
  readonly now: string;
  readonly setId: string;
  readonly plan?: string;
  /** The run that asked, as its record will name it. */
  readonly run: { readonly workflowId: string; readonly runId: string };
}

/** What one attempt made: unsealed, and litter unless `seal` makes a backup of it. */
export interface Dumped {
  readonly backupId: string;
  readonly takenAt: string;
  readonly bytes: number;
  readonly rawBytes: number;
  readonly seconds: number;
  readonly draftKey: string;
  readonly draftSha256: string;
  readonly notes: readonly string[];
}

/** Beside the data until it is sealed, and after: a restore never reads it. */
export const DRAFT = 'manifest.draft.json';

/** The transfer of a backup, for workers of the role `backup`: they put, and need to read nothing back. */
export function createBackupActivities(ports: Ports) {
  return {
    /**
     * Dumps a store into storage. Running again is safe: each attempt has an id of its own, and what an earlier one
     * left is ended first; its objects have no manifest and are swept as litter.
     */
    async dumpStore(input: DumpInput): Promise<Dumped> {
      const { snapshot, store } = input;
      return await withCall({ title: `Back up ${store}`, store }, async (call) => {
        await ports.reap(call.markerPrefix);
        const [port, storage] = await Promise.all([
          ports.store(snapshot, store, 'reader'),
          ports.storage(snapshot),
        ]);
        const backupId = timeId(new Date(input.now), randomBytes(5));
        const config = snapshot.stack.stores[store];
        const hurry = config !== undefined && needsQuiet(config);
        const transfer = () =>
          storeDump(call, {
            ...{ input, port, storage, backupId, hurry },
            async dump(writer) {
              const asked = new Date();
              call.expect((await port.facts(call, { uncounted: true })).bytes);
              const dump = await port.dump(call, writer);
              return { ...dump, notes: [...dump.notes, ...clockNote(dump.takenAt, asked)] };
            },
          });
        try {
          return await (hurry ? transfer() : inTurn(call, snapshot, transfer));
        } catch (error) {
          // Whole streams of it may be there, in storage that is perhaps full because of them.
          await tellFailedAttempt(snapshot, { store, id: backupId }).catch(() => undefined);
          throw error;
        }
      });
    },
  };
}
export type BackupActivities = ReturnType<typeof createBackupActivities>;

export interface Dumping {
  readonly input: Omit<DumpInput, 'setId'> & { readonly setId?: string };
  /** Whose backup it is. */
  readonly port: Pick<StorePort, 'kind' | 'escape'>;
  readonly dump: (writer: BackupWriter) => Promise<DumpResult>;
  readonly imported?: Imported;
  readonly storage: StoragePort;
  readonly backupId: string;
  /** Services stand still meanwhile. */
  readonly hurry: boolean;
}

/** Streams a dump into storage and writes the draft of its manifest. */
export async function storeDump(call: ActivityCall, of: Dumping): Promise<Dumped> {
  const { input, port, storage, backupId, hurry, imported } = of;
  const { snapshot, store } = input;
  const startedAt = new Date();
  const dump = await of.dump(backupWriter(call, { storage, snapshot, store, backupId, hurry }));
  const pieces = dump.streams.flatMap((stream) => stream.pieces);
  const draft: Omit<Manifest, 'restore'> = {
    version: 1,
    id: backupId,
    stack: snapshot.stack.stack,
    stackUuid: input.stackUuid,
    store,
    kind: port.kind,
    method: dump.method,
    ...(input.setId !== undefined && { set: input.setId }),
    run: input.run,
    ...(input.plan !== undefined && { plan: input.plan }),
    startedAt: startedAt.toISOString(),
    takenAt: dump.takenAt,
    finishedAt: new Date().toISOString(),
    server: dump.server,
    tools: dump.tools,
    streams: dump.streams,
    bytes: sum(pieces.map((piece) => piece.bytes)),
    rawBytes: sum(dump.streams.map((stream) => stream.rawBytes)),
    facts: dump.facts,
    detail: dump.detail,
    compression: 'zstd',
    recipients: snapshot.stack.storage.encryption?.age.recipients ?? [],
    notes: dump.notes,
    ...(imported && { imported }),
  };
  const encrypted = draft.recipients.length > 0;
  const manifest = manifestSchema.parse({
    ...draft,
    restore: [
      ...(encrypted ? [IDENTITY_IN_SHELL] : []),
      ...port.escape(draft, (name) =>
        rawStreamInShell(draft, name, storage.shellCat.bind(storage), encrypted),
      ),
    ],
  });
  const draftKey = keys.data(store, backupId, DRAFT);
  const bytes = documentBytes(manifest);
  // Under an id of its own nothing can be there before it: there is nothing to compare, and this role may not read.
  await storage.put(draftKey, Readable.from([bytes]));
  Context.current().log.info('backup stored, not sealed', { store, backupId, bytes: manifest.bytes });
  return {
    backupId,
    takenAt: manifest.takenAt,
    bytes: manifest.bytes,
    rawBytes: manifest.rawBytes,
    seconds: (Date.now() - startedAt.getTime()) / 1000,
    draftKey,
    draftSha256: sha256Hex(bytes),
    notes: manifest.notes,
  };
}

/** Ends a script that would otherwise go on with nothing. */
const IDENTITY_IN_SHELL =
  ': "${AGE_IDENTITY:?set AGE_IDENTITY to the file of an age identity that opens this backup}"';

/** The shell pipeline that prints a raw stream: pieces in order, decrypted, decompressed. */
function rawStreamInShell(
  manifest: Omit<Manifest, 'restore'>,
  name: string,
  cat: (key: string) => string,
  encrypted: boolean,
): string {
  const stream = manifest.streams.find((one) => one.name === name);
  if (stream === undefined) throw new TypeError(`no stream ${name} in this backup`);
  const pieces = stream.pieces.map((piece) => cat(piece.key));
  const whole = pieces.length === 1 ? pieces[0] : `{ ${pieces.join('; ')}; }`;
  return `${whole}${encrypted ? ' | age -d -i "$AGE_IDENTITY"' : ''} | zstd -dc`;
}

function clockNote(takenAt: string, ours: Date): string[] {
  const seconds = Math.round((Date.parse(takenAt) - ours.getTime()) / 1000);
  // The dump begins after `ours`, so a later store clock is only odd beyond a minute.
  return Math.abs(seconds) > 60 ? [`the store's clock differs from the worker's by ${seconds} s`] : [];
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
