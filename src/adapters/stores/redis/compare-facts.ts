import type { ContentFacts } from '../../../contracts/stored/manifest.js';

export interface Comparison {
  readonly differences: string[];
  readonly findings: string[];
}

/**
 * What differs between a backup's facts and what a server holds: counts must be equal, `atMost` may only be fewer,
 * names must be there. Digests are compared where both sides have one.
 */
export function compareFacts(wanted: ContentFacts, found: ContentFacts): Comparison {
  const differences: string[] = [];
  for (const name of new Set([...Object.keys(wanted.counts), ...Object.keys(found.counts)])) {
    const [want, have] = [wanted.counts[name] ?? 0, found.counts[name] ?? 0];
    if (want !== have) differences.push(`${name}: ${want} keys without expiry in the backup, ${have} here`);
  }
  for (const name of new Set([...Object.keys(wanted.atMost), ...Object.keys(found.atMost)])) {
    const [want, have] = [wanted.atMost[name] ?? 0, found.atMost[name] ?? 0];
    if (have > want) differences.push(`${name}: at most ${want} keys in the backup, ${have} here`);
  }
  for (const [kind, names] of Object.entries(wanted.names)) {
    const missing = names.filter((name) => !found.names[kind]?.includes(name));
    if (missing.length > 0) differences.push(`${kind} missing: ${missing.join(', ')}`);
  }
  let digests = 0;
  for (const [name, want] of Object.entries(wanted.digests)) {
    const have = found.digests[name];
    if (have === undefined) continue;
    digests += 1;
    if (want !== have) differences.push(`digest of ${name} differs`);
  }
  const sum = (values: Record<string, number>): number => Object.values(values).reduce((a, b) => a + b, 0);
  const findings = [
    `${sum(found.counts)} keys without expiry equal, ${sum(found.atMost)} of ${sum(wanted.atMost)} with expiry`,
  ];
  if (digests > 0) findings.push('content digest equal');
  for (const [kind, names] of Object.entries(wanted.names))
    if (names.length > 0) findings.push(`${kind}: ${names.join(', ')}`);
  return { differences, findings };
}
