import type { StoragePort } from '../adapters/storage/port.js';
import { SteadyError } from '../contracts/failures.js';
import { storageEntityId } from '../contracts/ids.js';
import { keys } from '../contracts/keys.js';
import {
  OPENED_UPDATE,
  STORAGE_QUERY,
  type OpenedStorage,
  type StorageState,
} from '../contracts/runs/claims.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { stackDocumentSchema, type StackDocument } from '../contracts/stored/others.js';
import { askEntity } from './ask-entity.js';
import { askStorage } from './claims.js';
import { readDocument } from './catalog/documents.js';
import { lockEnd } from './catalog/object-locks.js';
import { openStack } from './catalog/open-stack.js';
import type { Ports } from './ports.js';
import { serverNow } from './server-clock.js';

/**
 * The stack's document at the head of its storage, created where there has never been one, and remembered by the entity
 * `storage.<stack>`. A place that was opened before and now has none, or another one, is refused: a disk that is not
 * mounted is an empty folder, and must not pass for a new home of the backups.
 */
export async function openStorage(
  ports: Ports,
  snapshot: StackSnapshot,
): Promise<{ readonly storage: StoragePort; readonly document: StackDocument }> {
  const { stack, site } = snapshot.stack;
  const storage = await ports.storage(snapshot);
  const known = await openedBefore(stack);
  if (known?.location === storage.location) {
    return { storage, document: await sameAsBefore(storage, known) };
  }
  const lockUntil = lockEnd(snapshot.stack.storage.lock, serverNow());
  const document = await openStack(storage, stack, lockUntil);
  const place: OpenedStorage = { location: storage.location, uuid: document.uuid };
  await askStorage({ stack, site }, OPENED_UPDATE, place);
  return { storage, document };
}

/** Storage for whoever lists, deletes or restores: refused like {@link openStorage}, and never created. */
export async function openedStorage(ports: Ports, snapshot: StackSnapshot): Promise<StoragePort> {
  const storage = await ports.storage(snapshot);
  const known = await openedBefore(snapshot.stack.stack);
  if (known?.location === storage.location) await sameAsBefore(storage, known);
  return storage;
}

async function openedBefore(stack: string): Promise<OpenedStorage | undefined> {
  return (await askEntity<StorageState>(storageEntityId(stack), STORAGE_QUERY))?.opened;
}

async function sameAsBefore(storage: StoragePort, known: OpenedStorage): Promise<StackDocument> {
  const there = await readDocument(storage, keys.stack(), stackDocumentSchema);
  if (there === undefined) {
    throw new SteadyError('storage.emptied', { location: storage.location, missing: keys.stack() });
  }
  if (there.uuid !== known.uuid) {
    throw new SteadyError('storage.foreign', {
      location: storage.location,
      found: there.uuid,
      expected: known.uuid,
    });
  }
  return there;
}
