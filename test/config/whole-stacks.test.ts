import { expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { isSecretRef, stackJsonSchema, type SchemaNode } from '../../src/config/schema-look.js';
import { parse } from './stack-text.js';
import { WHOLE_STACKS } from './whole-stacks.js';

/** Every field of the schema as a path; `*` is a name or a place in a list. Checks of services are those of `checks`. */
function fieldsBelow(node: SchemaNode, path: readonly string[]): string[][] {
  const isCheck = node.properties?.['http'] !== undefined && path[0] === 'services';
  if (isCheck || isSecretRef(node)) return [];
  const inner = [
    ...(node.items ? [node.items] : []),
    ...(typeof node.additionalProperties === 'object' ? [node.additionalProperties] : []),
  ];
  return [
    ...Object.entries(node.properties ?? {}).flatMap(([name, field]) => [
      [...path, name],
      ...fieldsBelow(field, [...path, name]),
    ]),
    ...inner.flatMap((one) => fieldsBelow(one, [...path, '*'])),
    ...(node.anyOf ?? []).flatMap((one) => fieldsBelow(one, path)),
  ];
}

function isGiven(value: unknown, [part, ...rest]: readonly string[]): boolean {
  if (part === undefined) return true;
  if (typeof value !== 'object' || value === null) return false;
  const inner =
    part === '*' ? Object.values(value) : Object.hasOwn(value, part) ? [Reflect.get(value, part)] : [];
  return inner.some((one) => isGiven(one, rest));
}

it('between them have every field that the stack file may have, so that a new one is in what is tried', () => {
  const fields = fieldsBelow(stackJsonSchema(), []);
  expect(fields.length).toBeGreaterThan(180);
  const files = WHOLE_STACKS.map((text) => parseYaml(text) as unknown);
  const missing = fields.filter((path) => !files.some((file) => isGiven(file, path)));
  expect(missing.map((path) => path.join('.'))).toEqual([]);
});

it('are valid, each of them', () => {
  expect(WHOLE_STACKS.map((text) => parse(text).stack.stack)).toEqual([
    'personal-rag',
    'shop',
    'wiki',
    'rag7',
  ]);
});
