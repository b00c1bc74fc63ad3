import fc from 'fast-check';

/** The parts of an OpenAPI description that requests are made of. */
export interface Description {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}
interface Operation {
  readonly parameters?: readonly {
    readonly name: string;
    readonly in: string;
    readonly required?: boolean;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: Schema }>> };
  readonly responses: Readonly<Record<string, unknown>>;
}
interface Schema {
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema | boolean;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly allOf?: readonly Schema[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minLength?: number;
  readonly minimum?: number;
  readonly maximum?: number;
}

export interface FuzzedRequest {
  readonly method: string;
  /** As described. */
  readonly route: string;
  readonly url: string;
  readonly body: unknown;
}

/** What is likely to be right at a place: names that there are, among others. */
export type Words = Readonly<Record<string, readonly string[]>>;

const NASTY = [
  '',
  ' ',
  '..',
  '%2e%2e%2f',
  '\u0000',
  'ä',
  '🙂',
  "'; --",
  '${7*7}',
  '__proto__',
  'constructor',
];

/**
 * Requests by a description: of all its operations, mostly as described, often with one thing wrong somewhere, with
 * names from `words` (by parameter or property) where they would be looked up.
 */
export function requests(description: Description, words: Words): fc.Arbitrary<FuzzedRequest> {
  const all = Object.entries(description.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => requestsOf({ path, method, operation }, words)),
  );
  return fc.oneof(...all);
}

function requestsOf(
  of: { readonly path: string; readonly method: string; readonly operation: Operation },
  words: Words,
): fc.Arbitrary<FuzzedRequest> {
  const { path, method, operation } = of;
  const parameters = operation.parameters ?? [];
  const content = Object.values(operation.requestBody?.content ?? {})[0];
  const inPath = parameters.filter((one) => one.in === 'path');
  const inQuery = parameters.filter((one) => one.in === 'query');
  return fc
    .record({
      path: fc.tuple(...inPath.map((one) => textOf(one.name, one.schema, words))),
      query: fc.tuple(
        ...inQuery.map((one) => fc.option(textOf(one.name, one.schema, words), { nil: undefined })),
      ),
      body: content === undefined ? fc.constant(undefined) : bodyOf(content.schema, words),
    })
    .map((given) => {
      let url = path;
      inPath.forEach(
        ({ name }, at) => (url = url.replace(`{${name}}`, encodeURIComponent(given.path[at] ?? ''))),
      );
      const query = inQuery.flatMap(({ name }, at) =>
        given.query[at] === undefined ? [] : [`${name}=${encodeURIComponent(given.query[at])}`],
      );
      return {
        method: method.toUpperCase(),
        route: `${method.toUpperCase()} ${path}`,
        url: query.length === 0 ? url : `${url}?${query.join('&')}`,
        body: given.body,
      };
    });
}

const textOf = (name: string, schema: Schema, words: Words): fc.Arbitrary<string> =>
  fc.oneof(
    { weight: 8, arbitrary: likely(name, words) ?? valueOf(schema, name, words).map(String) },
    { weight: 1, arbitrary: fc.constantFrom(...NASTY) },
    { weight: 1, arbitrary: fc.string({ maxLength: 300 }) },
  );

const bodyOf = (schema: Schema, words: Words): fc.Arbitrary<unknown> =>
  fc.oneof(
    { weight: 7, arbitrary: valueOf(schema, '', words) },
    { weight: 2, arbitrary: valueOf(schema, '', words).chain((value) => spoilt(value)) },
    { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 3 }) },
  );

const likely = (name: string, words: Words): fc.Arbitrary<string> | undefined => {
  const found = words[name];
  return found && fc.constantFrom(...found);
};

function valueOf(schema: Schema, name: string, words: Words): fc.Arbitrary<unknown> {
  const known = likely(name, words);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (schema.enum) return fc.constantFrom(...schema.enum);
  const either = schema.anyOf ?? schema.oneOf;
  if (either) return fc.oneof(...either.map((one) => valueOf(one, name, words)));
  const [first, second] = schema.allOf ?? [];
  if (first) return valueOf({ ...first, ...second }, name, words);
  if (Array.isArray(schema.type))
    return fc.oneof(...schema.type.map((type: string) => valueOf({ ...schema, type }, name, words)));
  switch (schema.type) {
    case 'object':
      return objectOf(schema, name, words);
    case 'array':
      return fc.array(known ?? valueOf(schema.items ?? {}, name, words), { maxLength: 4 });
    case 'integer':
    case 'number':
      return fc.integer({ min: Math.max(schema.minimum ?? 0, -10), max: Math.min(schema.maximum ?? 10, 10) });
    case 'boolean':
      return fc.boolean();
    case 'null':
      return fc.constant(null);
    case 'string':
      if (known !== undefined) return known;
      if (schema.format === 'date-time')
        return fc.constantFrom('2099-01-01T00:00:00Z', '2020-01-01T00:00:00Z');
      return schema.pattern === undefined
        ? fc.string({ minLength: schema.minLength ?? 0, maxLength: 40 })
        : fc.stringMatching(new RegExp(schema.pattern));
    default:
      return fc.jsonValue({ maxDepth: 1 });
  }
}

function objectOf(schema: Schema, name: string, words: Words): fc.Arbitrary<unknown> {
  const { properties, required = [], additionalProperties } = schema;
  if (properties === undefined && typeof additionalProperties === 'object') {
    const keys = likely(name, words) ?? fc.stringMatching(/^[a-z]{1,8}$/);
    return fc.dictionary(keys, valueOf(additionalProperties, '', words), {
      maxKeys: 3,
      noNullPrototype: true,
    });
  }
  const model = Object.fromEntries(
    Object.entries(properties ?? {}).map(([key, one]) => [key, valueOf(one, key, words)]),
  );
  return fc.record(model, { requiredKeys: [...required], noNullPrototype: true });
}

/** The same with one thing wrong: a field more, a field less, or another type. */
const spoilt = (value: unknown): fc.Arbitrary<unknown> => {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    return fc.jsonValue({ maxDepth: 1 });
  const keys = Object.keys(value);
  return fc
    .tuple(
      fc.constantFrom(...keys, 'more', '__proto__'),
      fc.option(fc.jsonValue({ maxDepth: 1 }), { nil: undefined }),
    )
    .map(([key, other]) => {
      const changed = { ...value } as Record<string, unknown>;
      if (other === undefined) Reflect.deleteProperty(changed, key);
      else Object.defineProperty(changed, key, { value: other, enumerable: true, configurable: true });
      return changed;
    });
};
