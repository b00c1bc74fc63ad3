import { z } from 'zod';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** Seconds in a duration such as `90s`, `15m`, `24h`, `7d`, `4w` or `1h30m`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!/^(?:\d+[smhdw])+$/.test(text)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g)) {
    seconds += Number(count) * SECONDS[unit as keyof typeof SECONDS];
  }
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** A duration as text in the file, as seconds in the program. */
export const durationSchema = z
  .string()
  .refine((text) => parseDuration(text) !== undefined, 'must be a duration such as 90s, 15m, 24h, 7d or 1h30m')
  .transform((text) => parseDuration(text) ?? 0)
  .describe('a duration such as 90s, 15m, 24h, 7d or 1h30m');

const BYTES: Record<string, number> = { B: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12 };

/** Bytes in a size such as `64MiB` or `10GB`; undefined when it is none. */
export function parseSize(text: string): number | undefined {
  const m = /^(\d+)(B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)$/.exec(text);
  const unit = BYTES[m?.[2] ?? ''];
  if (!m || unit === undefined) return undefined;
  const bytes = Number(m[1]) * unit;
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

export const sizeSchema = z
  .string()
  .refine((text) => parseSize(text) !== undefined, 'must be a size such as 64MiB or 10GB')
  .transform((text) => parseSize(text) ?? 0)
  .describe('a size such as 64MiB or 10GB');

/** A command as an argv list: no shell, no quoting rules. */
export const argvSchema = z.array(z.string()).min(1, 'must be a list with at least the program').describe('argv list; no shell');
