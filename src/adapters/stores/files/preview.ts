import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { LiveFacts, RestorePlace, RestorePreview, StoreCall } from '../port.js';
import { posix } from 'node:path';
import { intoRoot, liveRoot, type FilesStoreOptions, type Root } from './context.js';
import { detailOf } from './detail.js';
import { tarVersion } from './dump.js';
import { folderWork, type FolderWork } from './folder-work.js';
import { intoMarker } from './into.js';
import { mayGiveOwners } from './load.js';
import { findSwap } from './places.js';

export async function liveFacts(root: Root, work: FolderWork, call: StoreCall): Promise<LiveFacts> {
  if ((await work.kind(root.folder)) !== 'folder')
    throw new SteadyError('store.unreachable', { folder: root.label, says: 'no such folder' });
  const version = await tarVersion(root, call);
  const bytes = await work.used(await work.real(root.folder));
  const none = { counts: {}, atMost: {}, digests: {}, names: {} };
  return {
    product: 'tar',
    version,
    major: Number.parseInt(version, 10) || 0,
    bytes,
    facts: none,
    uncounted: true,
  };
}

/** Looks for room, mounts and owners before anything is touched; throws what forbids the restore. */
export async function preview(
  options: FilesStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  place: RestorePlace,
): Promise<RestorePreview> {
  detailOf(manifest);
  // What is stored without its holes is what is written.
  const wanted = Math.ceil(manifest.rawBytes * 1.02);
  if (place.mode === 'into') return previewInto(options, call, place, wanted);

  const root = liveRoot(options, call);
  const work = folderWork(root, call);
  if (!mayGiveOwners(root))
    throw new SteadyError('store.blocked', { says: 'only root can give restored files their owners' });
  const live = (await work.kind(root.folder)) === 'folder' ? await liveFacts(root, work, call) : undefined;
  const notes = live ? [] : [`${root.label} is not there any more`];
  const swap = await findSwap(root, work, place);
  const nested = (await work.mounts(swap.live)).filter((point) => point !== swap.live);
  if (nested.length > 0) throw new SteadyError('store.blocked', { 'mounted below': nested.join(', ') });

  if (place.mode === 'in-place') {
    const free = (await work.free(swap.live)) + (live?.bytes ?? 0);
    if (free < wanted) throw new SteadyError('store.no-room', { folder: root.label, free, wanted });
    const words = {
      load: `Delete what is in ${root.label}, then unpack into it`,
      compare: 'Compare with the backup',
      cutover: 'nothing to do: the data were replaced in place',
      undo: 'nothing to do: the replaced data are gone',
    };
    return {
      words,
      live,
      absent: live === undefined,
      notes: [...notes, 'the live data are deleted by the load'],
      stopsStore: false,
    };
  }
  const free = await work.free(swap.kind === 'rename' ? posix.dirname(swap.live) : swap.live);
  if (free < wanted) throw new SteadyError('store.no-room', { folder: root.label, free, wanted });
  const how = swap.kind === 'rename' ? 'Rename' : 'Move the entries of';
  if (swap.kind === 'entries')
    notes.push(`${root.label} is mounted and cannot be renamed: its entries are swapped`);
  const words = {
    load: `Unpack into ${swap.fresh}`,
    compare: 'Archive that to nowhere and compare with the backup',
    cutover: `${how} ${swap.live} to ${swap.old}, then ${swap.fresh} to ${swap.live}`,
    undo: `${how} ${swap.old} back to ${swap.live}`,
  };
  return { words, live, notes, keptAs: swap.old, stopsStore: false };
}

async function previewInto(
  options: FilesStoreOptions,
  call: StoreCall,
  place: RestorePlace,
  wanted: number,
): Promise<RestorePreview> {
  const root = intoRoot(options, call, place.into);
  const work = folderWork(root, call);
  await assertEmpty(root, work, place);
  const there = (await work.kind(root.folder)) === 'folder';
  const free = await work.free(there ? root.folder : posix.dirname(root.folder));
  if (free < wanted) throw new SteadyError('store.no-room', { folder: root.label, free, wanted });
  const words = {
    load: `Unpack into ${root.label}`,
    compare: 'Compare with the backup',
    cutover: 'nothing to do: the live data are not touched',
    undo: `Empty ${root.label}`,
  };
  return { words, notes: [], stopsStore: false };
}

/** @throws `store.not-empty`, unless what is there was made by an earlier attempt of this restore. */
export async function assertEmpty(root: Root, work: FolderWork, place: RestorePlace): Promise<void> {
  const kind = await work.kind(root.folder);
  if (kind === 'none') return;
  const ours = (await work.kind(intoMarker(root, place))) !== 'none';
  if (kind === 'folder' && (ours || (await work.empty(root.folder)))) return;
  throw new SteadyError('store.not-empty', { folder: root.label });
}
