import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { mapInParallel } from '../catalog/in-parallel.js';
import { listBackups } from '../catalog/list-backups.js';
import { findManifest } from '../catalog/read-manifest.js';
import type { Ports } from '../ports.js';

export interface FoundImport {
  readonly id: string;
  readonly takenAt: string;
}

/** For workers of the role `proof`: they may list. */
export function createFindImported(ports: Ports) {
  return {
    /** The backup that was made of this very file, when there is one. A request a backup of the store. */
    async findImported(input: {
      snapshot: StackSnapshot;
      store: string;
      sha256: string;
    }): Promise<FoundImport | undefined> {
      const storage = await ports.storage(input.snapshot);
      const listed = await listBackups(storage, input.store);
      const manifests = await mapInParallel(listed, 8, (one) => findManifest(storage, one));
      const found = manifests.find((one) => one?.imported?.sha256 === input.sha256);
      return found && { id: found.id, takenAt: found.takenAt };
    },
  };
}
