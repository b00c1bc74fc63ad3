import { randomUUID } from 'node:crypto';
import type { StoragePort } from '../../adapters/storage/port.js';
import { SteadyError } from '../../contracts/failures.js';
import { keys } from '../../contracts/keys.js';
import { stackDocumentSchema, type StackDocument } from '../../contracts/stored/others.js';
import { createDocument, readDocument } from './documents.js';
import { serverNow } from '../server-clock.js';

/**
 * The stack's own document at the head of its prefix, created once. Two that create it at the same moment agree on
 * whichever came first.
 */
export async function openStack(
  storage: StoragePort,
  stack: string,
  lockUntil: Date | undefined,
): Promise<StackDocument> {
  const there = await readDocument(storage, keys.stack(), stackDocumentSchema);
  if (there) return ofThisStack(there, stack, storage);
  const fresh: StackDocument = {
    version: 1,
    layout: 1,
    stack,
    uuid: randomUUID(),
    createdAt: serverNow().toISOString(),
  };
  try {
    await createDocument(storage, keys.stack(), fresh, lockUntil);
    return fresh;
  } catch (error) {
    const first = await readDocument(storage, keys.stack(), stackDocumentSchema);
    if (first === undefined) throw error;
    return ofThisStack(first, stack, storage);
  }
}

function ofThisStack(document: StackDocument, stack: string, storage: StoragePort): StackDocument {
  if (document.stack !== stack) {
    throw new SteadyError('storage.foreign', {
      location: storage.location,
      found: document.stack,
      expected: stack,
    });
  }
  return document;
}
