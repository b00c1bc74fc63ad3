import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, StoreCall, StorePort } from '../port.js';
import { afterLeftovers } from '../after-leftovers.js';
import { recogniseDump } from '../dump-format.js';
import { namingNoRoom } from '../room.js';
import { check } from './check.js';
import { folderRoot, intoRoot, liveRoot, withVolumeContainer, type FilesStoreOptions } from './context.js';
import { cutover, kept, release, undo } from './cutover.js';
import { dump } from './dump.js';
import { escape } from './escape.js';
import { folderWork } from './folder-work.js';
import { importArchive } from './import-archive.js';
import { finishInto, loadInto, undoInto } from './into.js';
import { compareFolder, extractInto } from './load.js';
import { findSwap } from './places.js';
import { assertEmpty, liveFacts, preview } from './preview.js';
import { readable } from './readable.js';

/**
 * A folder of the worker or a named volume as a store, by GNU tar. A restore unpacks beside the live data and swaps
 * the two by renaming. Whoever writes to the data is stopped by the workflow, for a backup and for a cut-over.
 */
export function createFilesStore(options: FilesStoreOptions): StorePort {
  const store = phasesOf(options);
  const inOne = <T>(call: StoreCall, phase: (store: StorePort) => Promise<T>): Promise<T> =>
    withVolumeContainer(options, call, (scoped) => phase(phasesOf(scoped)));
  const phases: StorePort = {
    ...store,
    facts: (call) => inOne(call, (one) => one.facts(call)),
    dump: (call, writer) => inOne(call, (one) => one.dump(call, writer)),
    preview: (call, ...rest) => inOne(call, (one) => one.preview(call, ...rest)),
    load: (call, ...rest) => inOne(call, (one) => one.load(call, ...rest)),
    compare: (call, ...rest) => inOne(call, (one) => one.compare(call, ...rest)),
    cutover: (call, ...rest) => inOne(call, (one) => one.cutover(call, ...rest)),
    undo: (call, ...rest) => inOne(call, (one) => one.undo(call, ...rest)),
    kept: (call, ...rest) => inOne(call, (one) => one.kept(call, ...rest)),
    release: (call, ...rest) => inOne(call, (one) => one.release(call, ...rest)),
  };
  return afterLeftovers(namingNoRoom(phases), ({ markerPrefix }) =>
    options.runtime.endMarked({ marker: markerPrefix }),
  );
}

function phasesOf(options: FilesStoreOptions): StorePort {
  const open = async (call: StoreCall, place: RestorePlace) => {
    const root = liveRoot(options, call);
    const work = folderWork(root, call);
    return { root, work, swap: await findSwap(root, work, place) };
  };

  const store: StorePort = {
    kind: 'files',
    facts: (call) => {
      const root = liveRoot(options, call);
      return liveFacts(root, folderWork(root, call), call);
    },
    check: (call) => check(options, call),
    dump: (call, writer) => dump(options, call, writer),
    recognise: (look) => recogniseDump('files', look),
    importDump: (call, writer, file) => importArchive(options, call, writer, file),
    escape,
    readable: (call, reader) => readable(options, call, reader),
    preview: (call, manifest, place) => preview(options, call, manifest, place),

    async load(call, reader, place) {
      if (place.mode === 'into') {
        const root = intoRoot(options, call, place.into);
        await assertEmpty(root, folderWork(root, call), place);
        return loadInto(call, root, reader, place);
      }
      const { root, work, swap } = await open(call, place);
      if (place.mode === 'in-place') {
        const live = { ...root, folder: swap.live };
        if (place.absent) {
          await assertEmpty(live, work, place);
          return loadInto(call, live, reader, place);
        }
        await work.make(swap.live);
        await work.clear(swap.live);
        return extractInto(root, swap.live, reader);
      }
      if ((await work.kind(swap.old)) === 'folder')
        return call.say('nothing to do: the cut-over has begun, the data are loaded');
      await work.remove(swap.fresh, swap.work, swap.done);
      if (swap.kind === 'entries') await work.make(swap.work);
      await work.make(swap.fresh);
      return extractInto(root, swap.fresh, reader);
    },

    async compare(call, manifest, place) {
      if (place.mode === 'into') {
        const root = intoRoot(options, call, place.into);
        const findings = await compareFolder(call, root, root.folder, manifest);
        await finishInto(call, root, place);
        return findings;
      }
      const { root, work, swap } = await open(call, place);
      const folder = place.mode === 'in-place' ? swap.live : swap.fresh;
      if ((await work.kind(folder)) !== 'folder')
        throw new SteadyError('store.blocked', { says: 'nothing is loaded', folder });
      return compareFolder(call, root, folder, manifest);
    },

    async cutover(call, place) {
      if (place.mode === 'into') await finishInto(call, intoRoot(options, call, place.into), place);
      if (place.mode === 'in-place') await finishInto(call, liveRoot(options, call), place);
      if (place.mode !== 'beside')
        return { gapSeconds: 0, notes: ['nothing to do: there is nothing to switch'] };
      const { work, swap } = await open(call, place);
      return cutover(call, work, swap);
    },

    async undo(call, place, given) {
      if (place.mode === 'into') return undoInto(call, intoRoot(options, call, place.into), place);
      if (place.mode === 'in-place') {
        if (given?.begun === false) return ['nothing to do: the live data were not touched'];
        if (place.absent) {
          const { root, swap } = await open(call, place);
          return undoInto(call, { ...root, folder: swap.live }, place);
        }
        const why = 'the data were replaced in place; restore the backup taken before';
        throw new SteadyError('store.gone', { store: options.name, says: why });
      }
      const { work, swap } = await open(call, place);
      return undo(call, work, swap, given);
    },

    async kept(call, place) {
      if (place.mode !== 'beside') return undefined;
      const { work, swap } = await open(call, place);
      return kept(work, swap);
    },

    async release(call, place) {
      if (place.mode !== 'beside') return ['nothing to do: nothing was replaced'];
      const { work, swap } = await open(call, place);
      return release(work, swap);
    },

    /** A folder on the worker; whatever mode a place names, that folder is filled. */
    async scratch(_call, _manifest, folder) {
      const data = join(folder, 'data');
      await mkdir(data, { recursive: true, mode: 0o700 });
      const inner = createFilesStore({
        ...options,
        config: { ...options.config, path: data, volume: undefined },
      });
      const inPlace = (place: RestorePlace): RestorePlace => ({ ...place, mode: 'in-place' });
      const scratch: StorePort = {
        ...inner,
        load: (call, reader, place) => inner.load(call, reader, inPlace(place)),
        compare: (call, manifest, place) => inner.compare(call, manifest, inPlace(place)),
        cutover: () => Promise.resolve({ gapSeconds: 0, notes: ['nothing to do: a scratch folder'] }),
      };
      const close = async (): Promise<void> => {
        const call: StoreCall = {
          signal: new AbortController().signal,
          marker: 'scratch',
          markerPrefix: 'scratch',
          say: () => undefined,
        };
        await folderWork(folderRoot(options, call, data), call).remove(data);
      };
      return { store: scratch, close };
    },
  };
  return store;
}
