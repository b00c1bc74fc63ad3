import { setFlagsFromString } from 'node:v8';

/**
 * For a process that moves streams. Bytes that Node.js itself reads (from storage) come in memory outside of V8's heap,
 * which counts towards its limit: with a small heap, V8 looks through all of it every few megabytes. With room for three
 * times what lives, such bytes are gone by the cheap collection of what is new before the limit is met.
 */
export function makeHeapRoom(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
