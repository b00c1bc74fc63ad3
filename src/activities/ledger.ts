import { Context } from '@temporalio/activity';
import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import { ledgerEntityId } from '../contracts/ids.js';
import { keys } from '../contracts/keys.js';
import { WORKFLOW_TASK_QUEUE } from '../contracts/names.js';
import {
  LEDGER_QUERY,
  RECORD_SIGNAL,
  type LedgerHead,
  type LedgerInput,
  type LedgerState,
  type RecordSignal,
} from '../contracts/runs/ledger.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { recordSchema, type EvidenceRecord, type UnnumberedRecord } from '../contracts/stored/others.js';
import { askEntity } from './ask-entity.js';
import { createOnce, documentBytes, parseDocument, sha256Hex } from './catalog/documents.js';
import { lockEnd } from './catalog/object-locks.js';
import type { Ports } from './ports.js';
import { serverNow } from './server-clock.js';

/** Hands a finished run's record to the ledger (role `quick`), and writes it (role `proof`). */
export function createLedgerActivities(ports: Ports) {
  return {
    /** Signals the one writer; safe to repeat, it knows runs by their id. */
    async submitRecord(input: RecordSignal): Promise<void> {
      const { stack } = input.snapshot.stack;
      const entity: LedgerInput = { snapshot: input.snapshot };
      await Context.current().client.workflow.signalWithStart('ledger', {
        workflowId: ledgerEntityId(stack),
        taskQueue: WORKFLOW_TASK_QUEUE,
        args: [entity],
        signal: RECORD_SIGNAL,
        signalArgs: [input],
      });
    },

    /** The newest record by the ledger's own word, for documents that witness it; null when there is none yet. */
    async ledgerHead(stack: string): Promise<LedgerHead | null> {
      return (await askEntity<LedgerState>(ledgerEntityId(stack), LEDGER_QUERY))?.head ?? null;
    },

    /**
     * Chains and writes one record, create-only. A number taken by the same content is done; by other content is
     * `evidence.broken`, and nothing more is written until a person has looked.
     */
    async appendRecord(input: {
      snapshot: StackSnapshot;
      record: UnnumberedRecord;
      head?: LedgerHead | undefined;
    }): Promise<LedgerHead> {
      const storage = await ports.storage(input.snapshot);
      const found = input.head === undefined ? await findHead(storage) : undefined;
      // An earlier attempt of a ledger that has just begun: the newest record is this one.
      if (found?.runId === input.record.run.runId) return { number: found.number, sha256: found.sha256 };
      const head = input.head ?? found;
      const number = (head?.number ?? 0) + 1;
      const record: EvidenceRecord = { version: 1, number, previous: head?.sha256 ?? null, ...input.record };
      const bytes = documentBytes(record);
      const key = keys.record(number);
      const until = lockEnd(input.snapshot.stack.storage.lock, serverNow());
      if ((await createOnce(storage, key, bytes, until)) === 'exists') {
        const there = await storage.read(key);
        if (there === undefined || !there.equals(bytes))
          throw new SteadyError('evidence.broken', { key, reason: 'number taken' });
      }
      return { number, sha256: sha256Hex(bytes) };
    },
  };
}
export type LedgerActivities = ReturnType<typeof createLedgerActivities>;

/** The newest record in storage, for a ledger that has just begun (a new Temporal, an old bucket). */
export async function findHead(
  storage: StoragePort,
): Promise<(LedgerHead & { readonly runId: string }) | undefined> {
  let last: string | undefined;
  for await (const object of storage.list(keys.recordPrefix())) last = object.key;
  if (last === undefined) return undefined;
  const bytes = await storage.read(last);
  const number = Number(/(\d{10})\.json$/.exec(last)?.[1]);
  if (bytes === undefined || !Number.isSafeInteger(number))
    throw new SteadyError('storage.damaged', { key: last });
  const { run } = parseDocument(bytes, last, recordSchema);
  return { number, sha256: sha256Hex(bytes), runId: run.runId };
}
