import { statfs } from 'node:fs/promises';
import { readUpNote } from '../client/up-note.js';
import { bytesText } from './words.js';

/** Temporal's own database grows by about this in some days of a small stack. */
const LOW_BYTES = 256 * 2 ** 20;
/** SQLite writes nothing more with less. */
const FULL_BYTES = 2 ** 20;

/** The disk on which a `steady up` keeps its state. */
export interface StateRoom {
  /** Path of the state folder. */
  readonly state: string;
  readonly freeBytes: number;
}

/** How much room the state folder has; undefined when its disk cannot be asked. */
export async function roomOf(state: string): Promise<StateRoom | undefined> {
  try {
    const { bavail, bsize } = await statfs(state);
    return { state, freeBytes: bavail * bsize };
  } catch {
    return undefined;
  }
}

/** The same of the `steady up` beside a stack file; undefined where there is none. */
export async function roomBeside(config: string): Promise<StateRoom | undefined> {
  const state = readUpNote(config)?.state;
  return state === undefined ? undefined : await roomOf(state);
}

export const isFull = ({ freeBytes }: StateRoom): boolean => freeBytes < FULL_BYTES;

/** What is wrong with it, in words; undefined when nothing is. */
export function lowRoomWords(room: StateRoom): string | undefined {
  const { state, freeBytes } = room;
  if (isFull(room))
    return `the disk of ${state} is full: Temporal takes nothing more, no run begins, and nobody is told`;
  if (freeBytes < LOW_BYTES)
    return `the disk of ${state} has ${bytesText(freeBytes)} left: once it is full no run begins, and nobody is told`;
  return undefined;
}
