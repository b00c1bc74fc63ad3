import { z } from 'zod';

/**
 * A mapping with exactly one of several keys, as steady.yaml names vendors: `{ postgres: {…} }`. Unlike a union, a
 * wrong field is reported at its own path, not as "matches none of". Fields of `common` may stand beside any of them.
 */
export function oneOf<S extends Record<string, z.ZodType>, C extends z.ZodRawShape = Record<never, never>>(
  what: string,
  shapes: S,
  common: C = {} as C,
) {
  const names = Object.keys(shapes);
  const optional = Object.fromEntries(names.map((name) => [name, shapes[name]?.optional()])) as {
    [K in keyof S]: z.ZodOptional<S[K]>;
  };
  return z
    .strictObject({ ...optional, ...common })
    .superRefine((value, context) => {
      const given = names.filter((name) => (value as Record<string, unknown>)[name] !== undefined);
      if (given.length !== 1) {
        const found = given.length === 0 ? 'none' : given.join(' and ');
        context.addIssue({
          code: 'custom',
          message: `${what} must name exactly one of ${names.join(', ')}; found ${found}`,
        });
      }
    })
    .meta({ minProperties: 1, maxProperties: 1 + Object.keys(common).length });
}

/** The one key of such a mapping and its value. */
export function theOne<T extends object>(
  value: T,
): { [K in keyof T]-?: { kind: K; options: NonNullable<T[K]> } }[keyof T] {
  for (const [kind, options] of Object.entries(value) as [string, unknown][]) {
    if (options !== undefined) return { kind, options } as never;
  }
  throw new TypeError('a checked mapping always has one key');
}
