import { isIPv4, isIPv6 } from 'node:net';
import type { Upstream } from '../port.js';

/** ESTABLISHED, SYN_SENT and CLOSE_WAIT: an answer may be under way. Linux, include/net/tcp_states.h. */
const OPEN = new Set(['01', '02', '08']);

/** How many connections of `/proc/net/tcp` and `tcp6` (one after the other) go to an address. */
export function connectionsTo(table: string, { address, port }: Upstream): number {
  const wanted = new Set(wordsOf(address).map((words) => `${words}:${hex(port, 4)}`));
  return table.split('\n').filter((line) => {
    const [, , remote, state] = line.trim().split(/\s+/);
    return remote !== undefined && state !== undefined && wanted.has(remote) && OPEN.has(state);
  }).length;
}

const hex = (value: number, digits: number): string => value.toString(16).toUpperCase().padStart(digits, '0');

/** As the kernel prints it: 32-bit words in the machine's order, which is little-endian on all that run containers here. */
function wordsOf(address: string): string[] {
  if (isIPv4(address)) {
    const bytes = address.split('.').map(Number);
    const word = reversed(bytes);
    return [word, `0000000000000000FFFF0000${word}`];
  }
  if (!isIPv6(address)) return [];
  const bytes = groupsOf(address).flatMap((group) => [group >> 8, group & 255]);
  return [[0, 4, 8, 12].map((at) => reversed(bytes.slice(at, at + 4))).join('')];
}

const reversed = (bytes: readonly number[]): string =>
  [...bytes]
    .reverse()
    .map((byte) => hex(byte, 2))
    .join('');

/** The eight groups of an IPv6 address. */
function groupsOf(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const parse = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [before, after] = [parse(head), tail === undefined ? [] : parse(tail)];
  return tail === undefined
    ? before
    : [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}
