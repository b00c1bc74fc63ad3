import { createHash } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { storageState } from '../../../src/client/entities.js';
import { listRuns } from '../../../src/client/runs.js';
import { processesWith } from './processes.js';
import type { CrashStack } from './stack.js';
import { readStored } from './stored.js';
import { waitFor } from './wait-for.js';

/** Procedures that leave no record. */
const SILENT = ['look', 'check', 'backup-store', 'target', 'storage', 'ledger', 'notify'];

/**
 * What must hold when all runs have ended, whatever was killed: nothing half-done is listed, held or left over, and the
 * records are complete.
 */
export async function expectWhole(stack: CrashStack, stores: readonly string[]): Promise<void> {
  await expectFree(stack);
  await expectOnlySealed(stack, stores);
  await expectNothingLeft(stack, stores);
  await expectRecords(stack);
}

async function expectFree(stack: CrashStack): Promise<void> {
  const { json } = await stack.steady.cli('status');
  const held = json.targets.map(({ holders, waiting }) => [holders, waiting]);
  expect(held).toEqual(json.targets.map(() => [[], []]));
  expect(json.open).toEqual([]);
  expect(json.ledger?.alarm).toBeUndefined();
  const storage = await storageState(await stack.client(), { stack: 'crash', site: 'main' });
  expect(storage).toMatchObject({ claims: [], deleting: [] });
}

interface StoredManifest {
  readonly streams: {
    readonly pieces: { readonly key: string; readonly bytes: number; readonly sha256: string }[];
  }[];
}

/** Every backup listed has a manifest and, byte for byte, the objects it names; what has none is not listed. */
async function expectOnlySealed(stack: CrashStack, stores: readonly string[]): Promise<void> {
  const { json } = await stack.steady.cli('backup', 'list');
  const listed = json.backups.map(({ store, id }) => `${store}/${id}`);
  const { names, port } = stack.stored;
  const sealed: string[] = [];
  for (const store of stores)
    for (const name of await names(`manifests/${store}`))
      sealed.push(`${store}/${name.replace('.json', '')}`);
  expect(listed.sort()).toEqual(sealed.sort());
  for (const backup of listed) {
    const text = await readStored(port, `manifests/${backup}.json`);
    const manifest = JSON.parse(text.toString('utf8')) as StoredManifest;
    for (const piece of manifest.streams.flatMap((one) => one.pieces)) {
      const bytes = await readStored(port, piece.key);
      expect([piece.key, bytes.length, sha256(bytes)]).toEqual([piece.key, piece.bytes, piece.sha256]);
    }
  }
}

/** No process, session, database or folder that a killed attempt began. */
async function expectNothingLeft(stack: CrashStack, stores: readonly string[]): Promise<void> {
  const tools = (): string[] =>
    processesWith(stack.mark)
      .filter((one) => one.tool)
      .map((one) => one.command);
  await waitFor('no tool is left', () => tools().length === 0, { seconds: 5 }).catch(() =>
    expect(tools()).toEqual([]),
  );
  for (const store of stores) {
    if (store !== 'big' && store !== 'small') continue;
    const name = stack.database(store);
    const others = (await stack.databases.named(name)).filter((one) => one !== name);
    // What a restore replaced, or an undo, is kept, closed, under a name of its own; the live one is open.
    const kept = /_(old_\d{8}|undone)_[0-9a-z]{8} closed$/;
    expect(others.filter((one) => !kept.test(one))).toEqual([]);
    expect(await stack.databases.named(name)).toContain(name);
    await waitFor('no session is left', async () => (await stack.databases.toolSessions(name)).length === 0, {
      seconds: 5,
    });
  }
  // Beside a folder a restore works and keeps what it replaced; only that, what an undo put aside, and its mark may stay.
  const beside = readdirSync(stack.folder).filter((name) => /^uploads\.steady-(work|new)/.test(name));
  expect(beside).toEqual([]);
  const scratch = join(stack.folder, '.steady', 'scratch');
  expect(existsSync(scratch) ? readdirSync(scratch) : []).toEqual([]);
  expect(readdirSync(join(stack.folder, 'tmp')).filter((name) => name.startsWith('steady-'))).toEqual([]);
}

interface StoredRecord {
  readonly number: number;
  readonly previous: string | null;
  readonly run: { readonly workflowId: string; readonly runId: string };
}

/** The chain has no gap, each record carries the hash of the one before, and each closed run has exactly one. */
export async function expectRecords(stack: CrashStack): Promise<void> {
  const closed = (await listRuns(await stack.client(), { stack: 'crash', all: true, limit: 1000 }))
    // A run that was terminated can write none; `evidence verify` names it.
    .filter((one) => !['running', 'terminated'].includes(one.status) && !SILENT.includes(one.procedure))
    .map((one) => `${one.run} ${one.runId}`);
  const { names, port } = stack.stored;
  // Below it is told which are not.
  await waitFor('all records are written', async () => (await names('records')).length >= closed.length, {
    seconds: 20,
  }).catch(() => undefined);
  let previous: string | null = null;
  const runs: string[] = [];
  for (const [at, name] of (await names('records')).entries()) {
    const bytes = await readStored(port, `records/${name}`);
    const record = JSON.parse(bytes.toString('utf8')) as StoredRecord;
    expect([record.number, record.previous]).toEqual([at + 1, previous]);
    previous = sha256(bytes);
    runs.push(`${record.run.workflowId} ${record.run.runId}`);
  }
  expect(runs.sort()).toEqual(closed.sort());
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
