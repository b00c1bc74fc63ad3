import { interpolate, type Variables } from './interpolate.js';
import type { Written } from './service.js';

export type Mapping = Readonly<Record<string, unknown>>;

export const isMapping = (value: unknown): value is Mapping =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A field that may be one value or a list of them. */
export const listOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];

export const mappingOf = (value: unknown): Mapping => (isMapping(value) ? value : {});

export const textOf = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : typeof value === 'number' || typeof value === 'boolean'
      ? String(value)
      : '';

/** A mapping whose keys come from the file: without a prototype, whatever they are called. */
export const byName = <T>(entries: Iterable<readonly [string, T]>): Record<string, T> => {
  const all = Object.create(null) as Record<string, T>;
  for (const [name, value] of entries) all[name] = value;
  return all;
};

export function written(raw: string, variables: Variables): Written {
  const { text, unknown } = interpolate(raw, variables);
  return { raw, text, known: unknown.length === 0 };
}

/** `KEY: value` mappings and `KEY=value` lists alike; a key alone has no value. */
export function pairsOf(value: unknown): [key: string, value: string | undefined][] {
  if (isMapping(value))
    return Object.entries(value).map(([key, item]) => [key, item === null ? undefined : textOf(item)]);
  return listOf(value).map((item) => {
    const [key = '', ...rest] = textOf(item).split('=');
    return [key, rest.length === 0 ? undefined : rest.join('=')];
  });
}
