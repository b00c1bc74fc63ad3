import pc from 'picocolors';

export interface Output {
  readonly json: boolean;
  /** Progress bars and moving lines make sense. */
  readonly live: boolean;
  readonly color: ReturnType<typeof pc.createColors>;
  /** A line for people; nothing with --json. */
  line(text?: string): void;
  /** The one document of --json; nothing for people. */
  document(value: unknown): void;
  /** Goes to stderr, for people and pipes alike. */
  warn(text: string): void;
}

export function createOutput(options: { json: boolean }): Output {
  const live = process.stdout.isTTY && !options.json;
  return {
    json: options.json,
    live,
    color: pc.createColors(live && process.env['NO_COLOR'] === undefined),
    line: (text = '') => {
      if (!options.json) process.stdout.write(`${text}\n`);
    },
    document: (value) => {
      if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    warn: (text) => process.stderr.write(`${text}\n`),
  };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB'] as const;

export function bytesText(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

export function secondsText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(seconds < 10 ? 1 : 0)} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ${Math.round(seconds % 60)} s`;
  if (seconds < 86_400 * 2) return `${Math.floor(seconds / 3600)} h ${Math.round((seconds % 3600) / 60)} min`;
  return `${Math.floor(seconds / 86_400)} d ${Math.round((seconds % 86_400) / 3600)} h`;
}

/** Columns as wide as their widest cell. */
export function table(rows: readonly (readonly string[])[]): string[] {
  const widths: number[] = [];
  for (const row of rows) row.forEach((cell, at) => (widths[at] = Math.max(widths[at] ?? 0, cell.length)));
  return rows.map((row) =>
    row
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}
