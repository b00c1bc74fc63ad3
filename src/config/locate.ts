import { isAlias, isMap, isPair, isScalar, isSeq, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import type { FieldPath } from './problems.js';
import { isMergePair, mergeSources } from './merge-keys.js';

/** Where a path leads in a document: as far as it could be followed. */
export interface Located {
  /** Offset of the key (or list item) that the last found part of the path names. */
  readonly key: number;
  /** Offset of its value; the key's when it has none. */
  readonly value: number;
  /** How many parts of the path were found. */
  readonly depth: number;
}

const keyText = (key: unknown): string => (isScalar(key) ? String(key.value) : String(key));

/** Follows a path through mappings, lists, aliases and merge keys. */
export function locate(document: Document, path: FieldPath): Located {
  let node: unknown = document.contents;
  let found: Located = { key: startOf(node) ?? 0, value: startOf(node) ?? 0, depth: 0 };
  for (const [index, part] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    const step = stepInto(document, node, part);
    if (!step) return found;
    node = step.node;
    const key = step.key ?? startOf(node) ?? found.value;
    found = { key, value: startOf(node) ?? key, depth: index + 1 };
  }
  return found;
}

interface Step {
  readonly key?: number | undefined;
  readonly node: unknown;
}

function stepInto(document: Document, node: unknown, part: string | number): Step | undefined {
  if (isSeq(node)) {
    const item = node.items[Number(part)];
    return item === undefined ? undefined : { node: item };
  }
  if (!isMap(node)) return undefined;
  for (const pair of node.items) {
    if (!isMergePair(pair) && keyText(pair.key) === String(part))
      return { key: startOf(pair.key), node: pair.value };
  }
  for (const pair of node.items) {
    if (!isMergePair(pair)) continue;
    for (const source of mergeSources(document, pair) ?? []) {
      const step = stepInto(document, source, part);
      if (step) return step;
    }
  }
  return undefined;
}

function startOf(node: unknown): number | undefined {
  return (node as Node | null)?.range?.[0];
}

/** The path of the innermost named thing at an offset, for errors of YAML itself. */
export function pathAt(document: Document, offset: number): (string | number)[] {
  let inside: (string | number)[] = [];
  let touching: (string | number)[] = [];
  visit(document, {
    Node(_, node, ancestors) {
      if (!node.range || offset < node.range[0] || offset > node.range[2]) return;
      const path = ancestors.flatMap((ancestor, index): (string | number)[] => {
        if (isPair(ancestor)) return [keyText(ancestor.key)];
        return isSeq(ancestor) ? [ancestor.items.indexOf(ancestors[index + 1] ?? node)] : [];
      });
      if (offset < node.range[1] && path.length >= inside.length) inside = path;
      if (path.length >= touching.length) touching = path;
    },
  });
  return inside.length > 0 ? inside : touching;
}
