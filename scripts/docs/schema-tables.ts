import type { SchemaNode } from '../../src/config/schema-look.js';
import { DURATION_PATTERN, SIZE_PATTERN } from '../../src/contracts/stack/units.js';

/** A table of all fields below a part of the schema: name, type, default, meaning. */
export function fieldTable(node: SchemaNode, path: string): string {
  const rows = fieldRows(node, path);
  return ['| field | type | default | meaning |', '|---|---|---|---|', ...rows].join('\n');
}

function fieldRows(node: SchemaNode, path: string): string[] {
  return Object.entries(node.properties ?? {}).flatMap(([name, field]) => {
    const required = node.required?.includes(name) ?? false;
    const own = path === '' ? name : `${path}.${name}`;
    return [row(own, field, required), ...nestedRows(field, own)];
  });
}

/** Rows of what lies below a field: its own fields, those of its items, those of its named entries. */
function nestedRows(field: SchemaNode, path: string): string[] {
  if (isSecretRef(field)) return [];
  if (field.items) return nestedRows(field.items, `${path}[]`).concat(fieldRows(field.items, `${path}[]`));
  if (field.anyOf) return field.anyOf.flatMap((one) => fieldRows(one, path));
  if (typeof field.additionalProperties === 'object') {
    return fieldRows(field.additionalProperties, `${path}.NAME`);
  }
  // A check has a table of its own.
  return isCheck(field) ? [] : fieldRows(field, path);
}

function row(name: string, field: SchemaNode, required: boolean): string {
  const cells = [`\`${name}\``, typeWords(field), defaultWords(field, required), field.description ?? ''];
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|').replaceAll('\n', ' ')).join(' | ')} |`;
}

function defaultWords(field: SchemaNode, required: boolean): string {
  if (required) return '**required**';
  return field.default === undefined ? '–' : `\`${JSON.stringify(field.default)}\``;
}

/** What may stand in a field, in words. */
export function typeWords(field: SchemaNode): string {
  if (isSecretRef(field)) return '[secret](#secrets)';
  if (isCheck(field)) return '[check](#checks)';
  if (field.anyOf) return field.anyOf.map(typeWords).join(' or ');
  if (field.const !== undefined) return `\`${JSON.stringify(field.const)}\``;
  if (field.enum) return field.enum.map((value) => `\`${String(value)}\``).join(', ');
  switch (field.type) {
    case 'array':
      return `list of ${field.items ? typeWords(field.items) : 'values'}`;
    case 'object':
      if (typeof field.additionalProperties === 'object') {
        return `mapping of names to ${typeWords(field.additionalProperties)}`;
      }
      return field.maxProperties !== undefined ? 'one of the kinds below' : 'mapping';
    case 'integer':
    case 'number':
      return range(field);
    case 'boolean':
      return '`true` or `false`';
    case 'string':
      return stringWords(field);
    default:
      return 'anything';
  }
}

function stringWords(field: SchemaNode): string {
  if (field.pattern === DURATION_PATTERN.source) return '[duration](#units)';
  if (field.pattern === SIZE_PATTERN.source) return '[size](#units)';
  if (field.pattern === '^[a-z0-9-]{1,40}$') return '[name](#units)';
  return field.format === 'uri' ? 'address' : 'text';
}

function range({ minimum, maximum }: SchemaNode): string {
  const bounded = (value: number | undefined) =>
    value !== undefined && Math.abs(value) < Number.MAX_SAFE_INTEGER;
  if (bounded(minimum) && bounded(maximum)) return `${minimum} to ${maximum}`;
  return 'number';
}

function isSecretRef(field: SchemaNode): boolean {
  const names = field.anyOf?.flatMap((one) => Object.keys(one.properties ?? {})) ?? [];
  return names.length === 2 && names.includes('env') && names.includes('file');
}

const isCheck = (field: SchemaNode): boolean =>
  field.properties?.['http'] !== undefined && field.properties['sql'] !== undefined;
