import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { RestorePlace, StorePort } from '../adapters/stores/port.js';
import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import { keys } from '../contracts/keys.js';
import type { Depth } from '../contracts/names.js';
import type { BackupRef } from '../contracts/runs/claims.js';
import type { ProofResult } from '../contracts/runs/procedures.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import type { Manifest } from '../contracts/stored/manifest.js';
import type { Proof } from '../contracts/stored/others.js';
import { withCall, type ActivityCall } from './call.js';
import { createTimedDocument } from './catalog/documents.js';
import { mapInParallel } from './catalog/in-parallel.js';
import { manifestLock } from './catalog/object-locks.js';
import { readManifest } from './catalog/read-manifest.js';
import { findTamperedOf } from './catalog/tampering.js';
import type { Ports } from './ports.js';
import { inTurn } from './transfers.js';
import { backupReader } from './streams.js';

export interface VerifyBackupInput {
  readonly snapshot: StackSnapshot;
  readonly backup: BackupRef;
  readonly depth: Depth;
}

/** What was read, and whether it held. Not yet a proof: `writeProof` makes it one. */
export type Verification = ProofResult & { readonly bytes: number };

/** Failures that say something about the backup; all others say something about today, and are tried again. */
const DAMNING = new Set([
  'stream.corrupt',
  'storage.missing',
  'store.mismatch',
  'verify.failed',
  'storage.damaged',
]);

/** Requests for what storage has of a backup, at a time. */
const LOOKS_AT_A_TIME = 8;

/** Proofs, for workers of the role `proof`: they read, and change nothing live. */
export function createVerifyActivities(ports: Ports) {
  return {
    /** Verifies one backup. Reading and a scratch folder of its own: safe to run again. */
    async verifyBackup(input: VerifyBackupInput): Promise<Verification> {
      const { snapshot, backup, depth } = input;
      return await withCall(
        { title: `Verify ${backup.store} ${backup.id}, ${depth}`, store: backup.store },
        async (call) => {
          await ports.reap(call.markerPrefix);
          const started = Date.now();
          const storage = await ports.storage(snapshot);
          const manifest = await readManifest(storage, backup);
          const tampered = (await findTamperedOf(storage, backup)).map(
            ({ key, what, at }) => `TAMPERED: ${what} over ${key} since ${at}; read as it was sealed`,
          );
          const base = { ...backup, depth, bytes: depth === 'stored' ? 0 : manifest.bytes };
          try {
            const found = await verifyTo(depth, { call, ports, snapshot, storage, manifest });
            const findings = [...tampered, ...found.findings];
            return { ...base, passed: true, seconds: (Date.now() - started) / 1000, ...found, findings };
          } catch (error) {
            if (!(error instanceof SteadyError) || !DAMNING.has(error.code)) throw error;
            return {
              ...base,
              passed: false,
              seconds: (Date.now() - started) / 1000,
              findings: [error.message, ...tampered],
            };
          }
        },
      );
    },

    /** Writes the proof; create-only, its key carries the workflow's time, so running again finds it. */
    async writeProof(input: {
      snapshot: StackSnapshot;
      verification: Verification;
      now: string;
      run: Proof['run'];
    }): Promise<void> {
      const { verification } = input;
      const proof: Omit<Proof, 'at'> = {
        version: 1,
        store: verification.store,
        backupId: verification.id,
        depth: verification.depth,
        passed: verification.passed,
        seconds: verification.seconds,
        bytes: verification.bytes,
        ...(verification.loaded && { loaded: verification.loaded }),
        findings: [...verification.findings],
        run: input.run,
      };
      const storage = await ports.storage(input.snapshot);
      await createTimedDocument(storage, {
        at: input.now,
        key: (time) => keys.proof(proof.store, proof.backupId, time, proof.depth, proof.passed),
        value: (at) => ({ ...proof, at }),
        lockUntil: await manifestLock(storage, { store: proof.store, id: proof.backupId }),
      });
    },
  };
}
export type VerifyActivities = ReturnType<typeof createVerifyActivities>;

interface Verifying {
  readonly call: ActivityCall;
  readonly ports: Ports;
  readonly snapshot: StackSnapshot;
  readonly storage: StoragePort;
  readonly manifest: Manifest;
}

type Found = Pick<Verification, 'findings' | 'loaded'>;

async function verifyTo(depth: Depth, of: Verifying): Promise<Found> {
  switch (depth) {
    case 'stored':
      return { findings: await verifyStored(of) };
    case 'readable': {
      const port = await of.ports.store(of.snapshot, of.manifest.store, 'nobody');
      const readable = async () =>
        port.readable(of.call, await backupReader(of.call, { ...of, hurry: false }));
      return { findings: await inTurn(of.call, of.snapshot, readable) };
    }
    case 'restored':
      return await inTurn(of.call, of.snapshot, () => verifyRestored(of));
  }
}

async function verifyStored({ storage, manifest }: Verifying): Promise<string[]> {
  const pieces = manifest.streams.flatMap((stream) => stream.pieces);
  let checksums = 0;
  await mapInParallel(pieces, LOOKS_AT_A_TIME, async (piece) => {
    const there = await storage.head(piece.key);
    if (there === undefined) throw new SteadyError('storage.missing', { key: piece.key });
    if (there.bytes !== piece.bytes || (there.sha256 !== undefined && there.sha256 !== piece.sha256)) {
      throw new SteadyError('stream.corrupt', { key: piece.key, expected: piece.bytes, found: there.bytes });
    }
    if (there.sha256 !== undefined) checksums++;
  });
  return [`${pieces.length} objects there with their sizes, ${checksums} with a checksum kept by storage`];
}

async function verifyRestored(of: Verifying): Promise<Found> {
  const port = await of.ports.store(of.snapshot, of.manifest.store, 'nobody');
  // The same for all attempts: what a killed one left there would be as large as the store, for ever.
  const folder = join(of.ports.scratch, `${of.call.markerPrefix}proof`);
  await rm(folder, { recursive: true, force: true });
  // A throwaway server runs under an account of its own, which has to pass.
  await mkdir(folder, { recursive: true, mode: 0o711 });
  try {
    const scratch = await port.scratch(of.call, of.manifest, folder);
    try {
      return await restoreInto(scratch.store, of);
    } finally {
      await scratch.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function restoreInto(store: StorePort, of: Verifying): Promise<Found> {
  const place: RestorePlace = { mode: 'beside', token: 'proof000', at: new Date().toISOString() };
  const started = Date.now();
  await store.load(of.call, await backupReader(of.call, { ...of, hurry: false }), place);
  const findings = await store.compare(of.call, of.manifest, place);
  return {
    findings: [`restored into ${of.manifest.server.product}`, ...importedWords(of.manifest), ...findings],
    loaded: { rawBytes: of.manifest.rawBytes, seconds: (Date.now() - started) / 1000 },
  };
}

/** A proof of an imported backup says less, and has to say so. */
function importedWords({ imported }: Manifest): string[] {
  if (imported === undefined) return [];
  const { file, at } = imported;
  return [
    `compared with what ${file} held when it was imported (${at}): the live data of its time are not known`,
  ];
}
