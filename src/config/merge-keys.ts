import { isAlias, isMap, isScalar, isSeq } from 'yaml';
import type { Document, Pair, YAMLMap } from 'yaml';

/** Whether a pair is a merge key (`<<`), which takes in other mappings. */
export function isMergePair(pair: Pair): boolean {
  if (!isScalar(pair.key)) return false;
  const { value, type } = pair.key;
  return typeof value === 'symbol' || (value === '<<' && type === 'PLAIN');
}

/** The mappings of a merge key, the first wins; undefined when something else is among them. */
export function mergeSources(document: Document, pair: Pair): YAMLMap[] | undefined {
  const resolve = (node: unknown) => (isAlias(node) ? node.resolve(document) : node);
  const source = resolve(pair.value);
  const list: unknown[] = isSeq(source) ? source.items.map(resolve) : [source];
  return list.every((node) => isMap(node)) ? list : undefined;
}
