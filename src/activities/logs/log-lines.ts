import type { LogGroup } from '../../contracts/runs/logs.js';

const LONGEST = 500;
const ERROR_LEVEL = /^(e|err|error|f|fatal|crit|critical|alert|emerg|emergency|panic|severe)$/i;
const ERROR_WORD = /\b(error|fatal|panic|critical|exception|traceback|segfault|oomkilled)\b/i;
/** pino and bunyan write levels as numbers. */
const ERROR_NUMBER = 50;

/** A log's text as lines, without empty ones. */
export const linesOf = (text: string): string[] => text.split(/\r?\n/).filter((line) => line.trim() !== '');

/** Whether a line tells of an error: by a pattern of the user's, by the level of a JSON line, else by its words. */
export function isError(line: string, pattern?: string): boolean {
  if (pattern !== undefined) return new RegExp(pattern, 'i').test(line);
  const { level } = readJson(line) ?? {};
  if (typeof level === 'number') return level >= ERROR_NUMBER;
  if (typeof level === 'string') return ERROR_LEVEL.test(level);
  return ERROR_WORD.test(line);
}

/** Whether a line tells each of these: as fields of JSON, or as `name=value` or `name: value` in a plain line. */
export function hasFields(line: string, fields: Readonly<Record<string, string>>): boolean {
  const json = parseObject(line);
  return Object.entries(fields).every(([name, value]) =>
    json === undefined
      ? new RegExp(`(?<![\\w-])${escape(name)}\\s*[=:]\\s*["']?${escape(value)}(?![\\w-])`).test(line)
      : String(json[name]) === value,
  );
}

const escape = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');

/** Lines that say the same but for what differs each time, the most frequent first. */
export function groupLines(lines: readonly string[]): LogGroup[] {
  const groups = new Map<string, { count: number; example: string }>();
  for (const line of lines) {
    const pattern = patternOf(line);
    groups.set(pattern, { count: (groups.get(pattern)?.count ?? 0) + 1, example: cut(line) });
  }
  return [...groups]
    .map(([pattern, group]) => ({ pattern, ...group }))
    .sort((a, b) => b.count - a.count || (a.pattern < b.pattern ? -1 : 1));
}

/** A line without times, addresses, ids and numbers. */
export function patternOf(line: string): string {
  const json = readJson(line);
  const said = json?.message === undefined ? line : [json.kind, json.message].filter(Boolean).join(': ');
  const bare = said
    .replaceAll(/\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d+)?(?:Z|[+-]\d\d:?\d\d)?/g, '#')
    .replaceAll(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/gi, '#')
    .replaceAll(/\b(?:0x)?[0-9a-f]*\d[0-9a-f]*\b/gi, '#')
    .replaceAll(/(?:#[.:,/-]?)+/g, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();
  return cut(bare);
}

interface JsonLine {
  readonly level?: unknown;
  readonly message?: string;
  /** Such as `error_type`. */
  readonly kind?: string;
}

/** The fields by which structured logs are told, under the names that loggers give them; undefined for plain lines. */
function readJson(line: string): JsonLine | undefined {
  const fields = parseObject(line);
  if (fields === undefined) return undefined;
  const first = (...names: string[]): unknown =>
    names.map((name) => fields[name]).find((value) => value !== undefined);
  const text = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);
  const message = text(first('message', 'msg', 'event'));
  const kind = text(first('error_type', 'error', 'exception'));
  return {
    level: first('level', 'levelname', 'severity', 'log.level'),
    ...(message !== undefined && { message }),
    ...(kind !== undefined && { kind }),
  };
}

function parseObject(line: string): Record<string, unknown> | undefined {
  if (!line.trimStart().startsWith('{')) return undefined;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

export const cut = (line: string): string => (line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line);
