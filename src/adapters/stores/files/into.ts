import type { BackupReader, RestorePlace, StoreCall } from '../port.js';
import type { Root } from './context.js';
import { folderWork } from './folder-work.js';
import { extractInto } from './load.js';

/** A file in the new folder while it is filled: by it a later attempt, and an undo, know that the data are ours. */
export const intoMarker = (root: Root, place: RestorePlace): string =>
  `${root.folder}/.steady-into-${place.token}`;

/** Unpacks into a folder that is new, empty or of an earlier attempt. The caller has looked. */
export async function loadInto(
  call: StoreCall,
  root: Root,
  reader: BackupReader,
  place: RestorePlace,
): Promise<void> {
  const work = folderWork(root, call);
  await work.make(root.folder);
  await work.touch(intoMarker(root, place));
  await work.clear(root.folder);
  await extractInto(root, root.folder, reader);
}

/** Takes the mark away once the folder is compared. */
export async function finishInto(call: StoreCall, root: Root, place: RestorePlace): Promise<void> {
  await folderWork(root, call).remove(intoMarker(root, place));
}

export async function undoInto(call: StoreCall, root: Root, place: RestorePlace): Promise<string[]> {
  const work = folderWork(root, call);
  if ((await work.kind(intoMarker(root, place))) === 'none')
    return ['nothing to do: the folder is not of an unfinished restore'];
  await work.clear(root.folder);
  await work.remove(intoMarker(root, place));
  return [`emptied ${root.label}`];
}
