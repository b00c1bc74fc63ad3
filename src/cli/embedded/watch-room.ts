import { isFull, lowRoomWords, roomOf } from '../state-room.js';

/**
 * Says when the disk of the state folder runs low, when it is full, and when it has room again, once each: a full one stops
 * Temporal, and with it all that would tell anybody.
 *
 * @returns a function that ends the watch
 */
export function watchRoom(
  state: string,
  told: { readonly warn: (words: string) => void; readonly line: (words: string) => void },
  everyMs = 15_000,
): () => void {
  let last: 'well' | 'low' | 'full' = 'well';
  const look = async (): Promise<void> => {
    const room = await roomOf(state);
    if (room === undefined) return;
    const words = lowRoomWords(room);
    const now = words === undefined ? 'well' : isFull(room) ? 'full' : 'low';
    if (now === last) return;
    last = now;
    if (words !== undefined) told.warn(words);
    else told.line(`the disk of ${state} has room again`);
  };
  void look();
  const timer = setInterval(() => void look(), everyMs);
  return () => clearInterval(timer);
}
