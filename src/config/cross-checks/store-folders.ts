import { sep } from 'node:path';
import type { Stack } from '../../contracts/stack/stack.js';
import { holdsSecret } from '../schema-look.js';
import { holds, isWithin, placeAt, type Place } from './folders.js';
import type { CrossCheckReport } from './report.js';
import { visit } from './visit.js';

/** Where the stack file is; neither it nor its folder need be there. */
export interface FilePlace {
  readonly folder: string;
  /** Name of the file in that folder. */
  readonly file: string;
}

/**
 * A restore renames a folder away and puts another one in its place, whatever `exclude` leaves out of the backups. So
 * nothing that a restore itself needs may lie in it: the stack file, the state beside it, the backups.
 */
export function checkStoreFolders(stack: Stack, report: CrossCheckReport, at: FilePlace): void {
  const folders = foldersOf(stack, at.folder);
  for (const { name, place } of folders) {
    const wrong = wrongWith(place, stack, at);
    if (wrong !== undefined) report.error(['stores', name, 'files', 'path'], wrong);
  }
  warnOfNested(folders, report);
  warnOfKeys(stack, folders, report, at.folder);
}

interface StoreFolder {
  readonly name: string;
  readonly place: Place;
}

function foldersOf(stack: Stack, folder: string): StoreFolder[] {
  return Object.entries(stack.stores).flatMap(([name, { files }]) =>
    files?.path === undefined ? [] : [{ name, place: placeAt(folder, files.path) }],
  );
}

function wrongWith(place: Place, stack: Stack, at: FilePlace): string | undefined {
  if (place.real === sep)
    return 'the whole machine, running databases with it: name the folders that hold data';

  const state = placeAt(at.folder, '.steady');
  const held = [
    ...(holds(place, placeAt(at.folder, at.file)) ? ['this file'] : []),
    ...(holds(place, state) ? ['.steady, the state beside this file,'] : []),
  ];
  if (held.length > 0) {
    const [lie, them] = held.length > 1 ? ['lie', 'them'] : ['lies', 'it'];
    return `${held.join(' and ')} ${lie} in it: a restore would take ${them} away with the data; name the folders that hold data`;
  }
  if (isWithin(place, state))
    return 'it lies in .steady, the state beside this file, which changes while a restore runs; name the folders that hold data';

  const { directory } = stack.storage.main;
  if (directory === undefined) return undefined;
  const storage = placeAt(at.folder, directory.path);
  if (holds(place, storage))
    return 'storage.main.directory lies in it: a restore would take all backups away with the data, also where exclude names it; name the folders that hold data, or move storage elsewhere';
  if (isWithin(place, storage))
    return 'it lies in storage.main.directory, among the backups; keep the data elsewhere, or move storage';
  return undefined;
}

function warnOfNested(folders: readonly StoreFolder[], report: CrossCheckReport): void {
  for (const { name, place } of folders) {
    const outer = folders.find((other) => other.place.real !== place.real && holds(other.place, place));
    if (outer)
      report.warn(
        ['stores', name, 'files', 'path'],
        `it lies in the folder of store ${outer.name}: a restore of that one replaces both`,
      );
  }
}

/** Keys and passwords in files: that a restore needs them is one thing, that they go into backups another. */
function warnOfKeys(
  stack: Stack,
  folders: readonly StoreFolder[],
  report: CrossCheckReport,
  folder: string,
): void {
  visit(stack, (path, value) => {
    if (path.at(-1) !== 'file' || typeof value !== 'string' || !holdsSecret(path.slice(0, -1))) return;
    const store = folders.find((one) => holds(one.place, placeAt(folder, value)));
    if (!store) return;
    const what =
      path.at(-2) === 'identity'
        ? 'its backups would hold the key that opens them'
        : 'its backups would hold this secret';
    report.warn(
      path,
      `lies in the folder of store ${store.name}: ${what}, and a restore replaces or removes it; keep it elsewhere`,
    );
  });
}
