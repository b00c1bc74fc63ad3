import type { StoragePort } from '../../adapters/storage/port.js';
import { SteadyError } from '../../contracts/failures.js';
import { keys } from '../../contracts/keys.js';
import type { BackupRef } from '../../contracts/runs/claims.js';
import { manifestSchema, type Manifest } from '../../contracts/stored/manifest.js';
import { readDocument } from './documents.js';

export async function readManifest(storage: StoragePort, backup: BackupRef): Promise<Manifest> {
  const manifest = await readDocument(storage, keys.manifest(backup.store, backup.id), manifestSchema);
  if (manifest === undefined) throw new SteadyError('backup.unknown', { store: backup.store, id: backup.id });
  return manifest;
}
