import { totalmem } from 'node:os';
import { setFlagsFromString } from 'node:v8';

/** Bytes. With less, V8 itself keeps its heap small where memory is short, which this would overrule. */
const ENOUGH = 2 ** 30;

/**
 * For a process that moves streams. Bytes that Node.js itself reads (from storage) come in memory outside of V8's heap,
 * which counts towards its limit: with a small heap, V8 looks through all of it every few megabytes. With room for three
 * times what lives, such bytes are gone by the cheap collection of what is new before the limit is met. Not in a
 * container of less than a gigabyte.
 */
export function makeHeapRoom(): void {
  // 0 where there is no limit.
  if ((process.constrainedMemory() || totalmem()) < ENOUGH) return;
  setFlagsFromString('--heap-growing-percent=200');
}
