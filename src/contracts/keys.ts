import { timeOfId } from './ids.js';

/**
 * Where things lie in storage, relative to `<prefix>/<stack>/`. Kinds come first: a store may have any name,
 * what is listed often is listed cheaply, and credentials can be cut by prefix.
 */
export const keys = {
  stack: () => 'stack.json',
  dataPrefix: (store: string, backupId: string) => `data/${store}/${backupId}/`,
  data: (store: string, backupId: string, object: string) => `data/${store}/${backupId}/${object}`,
  manifestPrefix: (store: string) => `manifests/${store}/`,
  manifest: (store: string, backupId: string) => `manifests/${store}/${backupId}.json`,
  proofPrefix: (store: string) => `proofs/${store}/`,
  proof: (store: string, backupId: string, time: Date, depth: string, passed: boolean) =>
    `proofs/${store}/${backupId}/${compact(time)}-${depth}-${passed ? 'passed' : 'failed'}.json`,
  markPrefix: (store: string) => `marks/${store}/`,
  mark: (store: string, backupId: string, time: Date, kind: string) =>
    `marks/${store}/${backupId}/${compact(time)}-${kind}.json`,
  setPrefix: () => 'sets/',
  set: (setId: string) => `sets/${setId}.json`,
  configPrefix: () => 'config/',
  config: (sha256: string) => `config/${sha256}.yaml`,
  /** Written, read and deleted by a check. */
  probe: (time: Date) => `probes/${compact(time)}.txt`,
  revisionPrefix: (service: string) => `revisions/${service}/`,
  revision: (service: string, number: number) => `revisions/${service}/${tenDigits(number)}.json`,
  verdict: (service: string, number: number, run: string, verdict: 'good' | 'failed') =>
    `revisions/${service}/${tenDigits(number)}-${run}-${verdict}.json`,
  recordPrefix: () => 'records/',
  record: (number: number) => `records/${tenDigits(number)}.json`,
} as const;

const tenDigits = (number: number): string => String(number).padStart(10, '0');

/** A time as `20261122T020000Z`, sortable and free of characters that need quoting. */
export function compact(time: Date): string {
  return time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
}

export interface ProofName {
  store: string;
  backupId: string;
  time: Date;
  depth: string;
  passed: boolean;
}

/** What a proof's key alone tells, so that a listing is enough for `status`. */
export function parseProofKey(key: string): ProofName | undefined {
  const m = /^proofs\/([^/]+)\/([^/]+)\/(\d{8}T\d{6}Z)-([a-z]+)-(passed|failed)\.json$/.exec(key);
  if (!m) return undefined;
  const [, store, backupId, stamp, depth, result] = m as unknown as [
    string,
    string,
    string,
    string,
    string,
    string,
  ];
  const time = timeOfId(`${stamp}-00000000`);
  return time && { store, backupId, time, depth, passed: result === 'passed' };
}

export interface MarkName {
  store: string;
  backupId: string;
  time: Date;
  kind: string;
}

export function parseMarkKey(key: string): MarkName | undefined {
  const m = /^marks\/([^/]+)\/([^/]+)\/(\d{8}T\d{6}Z)-([a-z]+)\.json$/.exec(key);
  if (!m) return undefined;
  const [, store, backupId, stamp, kind] = m as unknown as [string, string, string, string, string];
  const time = timeOfId(`${stamp}-00000000`);
  return time && { store, backupId, time, kind };
}

/** The backup id of a manifest's key. */
export function backupIdOfManifestKey(key: string): string | undefined {
  return /^manifests\/[^/]+\/([^/]+)\.json$/.exec(key)?.[1];
}

export interface RevisionName {
  number: number;
  /** Left out: the revision itself. */
  verdict?: 'good' | 'failed';
}

/** What a key among a service's revisions tells. */
export function parseRevisionKey(key: string): RevisionName | undefined {
  const m = /^revisions\/[^/]+\/(\d{10})(?:-[^/]+-(good|failed))?\.json$/.exec(key);
  if (!m) return undefined;
  const verdict = m[2] as 'good' | 'failed' | undefined;
  return { number: Number(m[1]), ...(verdict && { verdict }) };
}
