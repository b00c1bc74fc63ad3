import type { Machine } from '../lib/machine.js';
import type { Spread } from '../lib/statistics.js';

export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

/** `12.3 (11.9–13.0)`: the median, and the least and the most. */
export function spreadText({ median, least, most }: Spread, digits: number): string {
  const text = (value: number): string => value.toFixed(digits);
  return `${text(median)} (${text(least)}–${text(most)})`;
}

/** Whether a promise was held, so that it cannot be overlooked when it was not. */
export const verdict = (held: boolean): string => (held ? 'yes' : '**no**');

export function machineText(machine: Machine, versions: Readonly<Record<string, string>> = {}): string {
  const list = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  return [
    `Measured ${machine.at.slice(0, 10)}: ${machine.cpus}, ${machine.memoryGiB} GiB of memory, ${machine.system}, Node.js ${machine.node}`,
    ...(list.length > 0 ? [list.join(', ')] : []),
    `load average before: ${machine.loadBefore}${machine.loadBefore > 1 ? ' (**others worked too: seconds say little**)' : ''}.`,
  ].join('; ');
}

/** Puts text between the markers of a part. Throws when the page has no such markers. */
export function between(page: string, part: string, text: string): string {
  const begin = `<!-- ${part}: written by ./scripts/bench -->`;
  const end = `<!-- end of ${part} -->`;
  const [from, to] = [page.indexOf(begin), page.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`docs/benchmarks.md has no place for ${part}`);
  return `${page.slice(0, from + begin.length)}\n\n${text}\n\n${page.slice(to)}`;
}
