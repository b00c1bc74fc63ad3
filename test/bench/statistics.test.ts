import { describe, expect, it } from 'vitest';
import { median, ratios, spreadOf } from '../../bench/lib/statistics.js';
import { barChart } from '../../bench/report/bars.js';
import { between, machineText } from '../../bench/report/markdown.js';

describe('statistics of the bench', () => {
  it('takes the middle one, and of an even number the mean of the two in the middle', () => {
    expect(median([9, 1, 5])).toBe(5);
    expect(median([4, 1, 2, 9])).toBe(3);
    expect(() => median([])).toThrow('no values');
  });

  it('compares what was measured in the same round, so that a slow round is slow for both', () => {
    expect(ratios([10, 20, 30], [20, 40, 60])).toEqual({ median: 0.5, least: 0.5, most: 0.5 });
    expect(() => ratios([1], [1, 2])).toThrow('1 values, 2 to compare with');
  });
});

describe('what the bench writes', () => {
  it('draws a bar a contestant, as long as its median, and survives names with signs of XML', () => {
    const svg = barChart({
      title: 'Backup',
      unit: 's',
      bars: [
        { label: 'a & <b>', spread: spreadOf([10]), ours: true },
        { label: 'c', spread: spreadOf([5]), ours: false },
      ],
    });
    const widths = [...svg.matchAll(/<rect class="(\w+)".* width="([\d.]+)"/g)].map((found) => [
      found[1],
      Number(found[2]),
    ]);
    expect(widths).toEqual([
      ['ours', 460],
      ['peer', 230],
    ]);
    expect(svg).toContain('a &amp; &lt;b>');
  });

  it('replaces only what is between the markers of a part', () => {
    const page = 'mine\n<!-- speed: written by ./scripts/bench -->\nold\n<!-- end of speed -->\nmine too';
    expect(between(page, 'speed', 'new')).toBe(
      'mine\n<!-- speed: written by ./scripts/bench -->\n\nnew\n\n<!-- end of speed -->\nmine too',
    );
    expect(() => between(page, 'memory', 'new')).toThrow('has no place for memory');
  });

  it('says when the machine had other work', () => {
    const machine = {
      ...{ at: '2026-11-22T03:00:00Z', cpus: '2 × a CPU', memoryGiB: 24, system: 'Debian', node: '20' },
      loadBefore: 7.1,
    };
    expect(machineText(machine)).toContain('others worked too');
    expect(machineText({ ...machine, loadBefore: 0.1 })).not.toContain('others worked too');
  });
});
