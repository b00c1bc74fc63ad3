import type { StoragePort } from '../../adapters/storage/port.js';
import { SteadyError } from '../../contracts/failures.js';
import { keys } from '../../contracts/keys.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import { manifestSchema, type Manifest } from '../../contracts/stored/manifest.js';
import { readDocument } from './documents.js';

/** The manifest of a backup, or undefined when there is no such backup. */
export async function findManifest(storage: StoragePort, backup: BackupRef): Promise<Manifest | undefined> {
  return await readDocument(storage, keys.manifest(backup.store, backup.id), manifestSchema);
}

/** The same; throws `backup.unknown` when there is none. */
export async function readManifest(storage: StoragePort, backup: BackupRef): Promise<Manifest> {
  const manifest = await findManifest(storage, backup);
  if (manifest === undefined) throw new SteadyError('backup.unknown', { store: backup.store, id: backup.id });
  return manifest;
}
