import type { Spread } from '../lib/statistics.js';

export interface Bar {
  readonly label: string;
  readonly spread: Spread;
  /** Drawn in the colour of this project. */
  readonly ours: boolean;
}

export interface BarChart {
  readonly title: string;
  readonly unit: string;
  readonly bars: readonly Bar[];
  /** Digits behind the point; default 0. */
  readonly digits?: number;
}

const [WIDTH, LABELS, ROW, HEAD] = [760, 230, 26, 34];
/** Room behind the longest bar for its number. */
const NUMBER = 70;

/**
 * Horizontal bars of medians with a line from the least to the most, as SVG that can be read on a light and on a dark
 * page. Shorter is better in all of them.
 */
export function barChart({ title, unit, bars, digits = 0 }: BarChart): string {
  const most = Math.max(...bars.map(({ spread }) => spread.most), Number.MIN_VALUE);
  const scale = (value: number): number => LABELS + (value / most) * (WIDTH - LABELS - NUMBER);
  const rows = bars.map(({ label, spread, ours }, index) => {
    const top = HEAD + index * ROW;
    const middle = top + ROW / 2;
    const end = scale(spread.median);
    const number = spread.median.toFixed(digits);
    return `<text x="${LABELS - 8}" y="${middle + 4}" text-anchor="end">${escaped(label)}</text>
<rect class="${ours ? 'ours' : 'peer'}" x="${LABELS}" y="${top + 4}" width="${(end - LABELS).toFixed(1)}" height="${ROW - 8}"/>
<path class="spread" d="M${scale(spread.least).toFixed(1)} ${middle}H${scale(spread.most).toFixed(1)}"/>
<text x="${(scale(spread.most) + 6).toFixed(1)}" y="${middle + 4}">${number}</text>`;
  });
  const height = HEAD + bars.length * ROW + 6;
  const heading = `${title} (${unit}; shorter is better)`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escaped(heading)}">
<style>
text { font: 13px system-ui, sans-serif; fill: #24292f }
.head { font-weight: 600 }
.ours { fill: #0969da }
.peer { fill: #8c959f }
.spread { stroke: #24292f; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) { text { fill: #d0d7de } .ours { fill: #58a6ff } .peer { fill: #6e7681 } .spread { stroke: #d0d7de } }
</style>
<text class="head" x="0" y="18">${escaped(heading)}</text>
${rows.join('\n')}
</svg>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('"', '&quot;');
}
