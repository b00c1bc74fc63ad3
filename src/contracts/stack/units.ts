import { z } from 'zod';

const SECONDS = { s: 1, m: 60, h: 3600, d: 86_400, w: 604_800 } as const;

/** Form of a duration in the file. */
export const DURATION_PATTERN = /^(?:\d+[smhdw])+$/;

/** Seconds in a duration such as `90s`, `15m`, `24h`, `7d`, `4w` or `1h30m`; undefined when it is none. */
export function parseDuration(text: string): number | undefined {
  if (!DURATION_PATTERN.test(text)) return undefined;
  let seconds = 0;
  for (const [, count, unit] of text.matchAll(/(\d+)([smhdw])/g)) {
    seconds += Number(count) * SECONDS[unit as keyof typeof SECONDS];
  }
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

/** A number of seconds as the file writes it: the largest units first, such as `1h30m`; `0s` for none. */
export function formatDuration(seconds: number): string {
  let rest = Math.max(0, Math.round(seconds));
  let text = '';
  for (const unit of ['d', 'h', 'm', 's'] as const) {
    const count = Math.floor(rest / SECONDS[unit]);
    if (count > 0) text += `${count}${unit}`;
    rest -= count * SECONDS[unit];
  }
  return text === '' ? '0s' : text;
}

const DURATION_WORDS = 'must be a duration such as 90s, 15m, 24h, 7d or 1h30m';

/** A hundred years, in seconds. What is longer is a slip, and moments that far away cannot be written as dates. */
const LONGEST = 36_525 * SECONDS.d;

const durationText = z
  .string()
  .regex(DURATION_PATTERN, { error: DURATION_WORDS, abort: true })
  .refine((text) => (parseDuration(text) ?? Number.POSITIVE_INFINITY) <= LONGEST, {
    error: 'must be at most 36525d, a hundred years',
    abort: true,
  });

/** A duration as text in the file, as seconds in the program. */
export const durationSchema = durationText
  .transform((text) => parseDuration(text) ?? 0)
  .describe('a duration such as 90s, 15m, 24h, 7d or 1h30m');

/** A duration that cannot be nothing: a limit of 0 would end everything at once. */
export const limitSchema = durationText
  .refine((text) => (parseDuration(text) ?? 0) > 0, 'must be longer than 0s')
  .transform((text) => parseDuration(text) ?? 0)
  .describe('a duration such as 90s, 15m, 24h, 7d or 1h30m');

const BYTES: Record<string, number> = {
  B: 1,
  KiB: 2 ** 10,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
  TiB: 2 ** 40,
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
};

/** Form of a size in the file. */
export const SIZE_PATTERN = /^\d+(?:B|KiB|MiB|GiB|TiB|kB|MB|GB|TB)$/;

/** A number of bytes for people: `87.1 KiB`. */
export function formatBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1023.95 && unit < 4) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 ? Math.round(value) : value.toFixed(1)} ${['B', 'KiB', 'MiB', 'GiB', 'TiB'][unit]}`;
}

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
  .regex(SIZE_PATTERN, { error: 'must be a size such as 64MiB or 10GB', abort: true })
  .refine((text) => parseSize(text) !== undefined, 'is more bytes than can be counted')
  .transform((text) => parseSize(text) ?? 0)
  .describe('a size such as 64MiB or 10GB');

/** A command as an argv list: no shell, no quoting rules. */
export const argvSchema = z
  .array(z.string())
  .min(1, 'must be a list with at least the program')
  .describe('argv list; no shell');

/** Name of a service as a compose file may have it; one that begins with - would be an option of the tool. */
export const COMPOSE_SERVICE_PATTERN = /^[a-zA-Z0-9._][a-zA-Z0-9._-]*$/;

export const composeServiceSchema = z
  .string()
  .regex(COMPOSE_SERVICE_PATTERN, 'must be the name of a service as the compose file has it');
