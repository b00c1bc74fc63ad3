import { z } from 'zod';
import { stackSchema } from '../contracts/stack/stack.js';
import type { FieldPath } from './problems.js';

/** The parts of JSON Schema that our schemas come out as. */
export interface SchemaNode {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly pattern?: string;
  readonly format?: string;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly minProperties?: number;
  readonly maxProperties?: number;
}

let schema: SchemaNode | undefined;

/** The stack file as JSON Schema (draft 2020-12), as it is written: durations and sizes as text. */
export function stackJsonSchema(): SchemaNode {
  schema ??= z.toJSONSchema(stackSchema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  return schema;
}

/** What a path may hold: one schema, several for alternatives, none for an unknown path. */
export function schemasAt(path: FieldPath): SchemaNode[] {
  let nodes = alternatives([stackJsonSchema()]);
  for (const part of path) {
    nodes = alternatives(
      nodes.flatMap((node) => {
        if (typeof part === 'number') return node.items ? [node.items] : [];
        const named =
          node.properties && Object.hasOwn(node.properties, part) ? node.properties[part] : undefined;
        if (named) return [named];
        return typeof node.additionalProperties === 'object' ? [node.additionalProperties] : [];
      }),
    );
  }
  return nodes;
}

function alternatives(nodes: readonly SchemaNode[]): SchemaNode[] {
  return nodes.flatMap((node) => (node.anyOf ? alternatives(node.anyOf) : [node]));
}

/** Names of the fields that may stand at a path. */
export function fieldsAt(path: FieldPath): string[] {
  return [...new Set(schemasAt(path).flatMap((node) => Object.keys(node.properties ?? {})))];
}

/** Whether a secret reference may stand at a path: then a value found there may be the secret itself. */
export function holdsSecret(path: FieldPath): boolean {
  return schemasAt(path).some((node) => isSecretRef(node));
}

/** Whether a schema is one of the forms of a secret reference: `{ env: NAME }` or `{ file: PATH }`. */
export function isSecretRef(node: SchemaNode): boolean {
  const names = Object.keys(node.properties ?? {});
  return names.length === 1 && (names[0] === 'env' || names[0] === 'file');
}
