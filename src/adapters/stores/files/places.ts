import type { RestorePlace } from '../port.js';
import type { Root } from './context.js';
import type { FolderWork } from './folder-work.js';

/**
 * How new and old data are swapped. `rename`: the folder itself, with its siblings. `entries`: what is in it, for a
 * mount point and a volume cannot be renamed.
 */
export interface Swap {
  readonly kind: 'rename' | 'entries';
  readonly live: string;
  /** Holds all that this restore makes until it is done. */
  readonly work: string;
  readonly fresh: string;
  /** Replaced data while they are being moved; `entries` only. */
  readonly moving: string;
  readonly old: string;
  /** After an undo: what was live until then. */
  readonly undone: string;
  /** File beside the kept data with the gap in seconds: being there means that the cut-over is over. */
  readonly done: string;
}

/** Names are ours (`.steady-`) inside a folder, and beside it take its name first. */
export function swapNames(kind: Swap['kind'], live: string, place: RestorePlace): Swap {
  const day = place.at.slice(0, 10).replaceAll('-', '');
  const base = kind === 'rename' ? `${live}.steady-` : `${live}/.steady-`;
  const work = `${base}work-${place.token}`;
  return {
    ...{ kind, live, work, fresh: kind === 'rename' ? `${base}new-${place.token}` : `${work}/new` },
    moving: `${work}/old`,
    old: `${base}old-${day}-${place.token}`,
    undone: `${base}undone-${day}-${place.token}`,
    done: `${base}done-${place.token}`,
  };
}

/** Decides the kind: a volume's and a mount point's own folder cannot be renamed. */
export async function findSwap(root: Root, work: FolderWork, place: RestorePlace): Promise<Swap> {
  // The last part of the path need not be there: between two renames the live folder is not.
  const live = await work.real(root.folder);
  if (root.volume) return swapNames('entries', live, place);
  const mounted = (await work.mounts(live)).includes(live);
  return swapNames(mounted ? 'entries' : 'rename', live, place);
}
