/**
 * Ids and their inverses. Parts of workflow ids are joined by `.`: a `/` breaks Temporal's HTTP API.
 */
const CROCKFORD = '0123456789abcdefghjkmnpqrstvwxyz';
const ID_PATTERN = /^(\d{4})(\d{2})(\d{2})T(\d{2})(\d{2})(\d{2})Z-([0-9a-hjkmnp-tv-z]{8})$/;

/**
 * A time-led id such as `20261122T020000Z-k7q2m9xd`, used for backups, sets and requests.
 *
 * @param time the moment in the id, to the second (UTC)
 * @param entropy five random bytes: 40 bits make 8 characters of Crockford base32
 */
export function timeId(time: Date, entropy: Uint8Array): string {
  if (entropy.length !== 5) throw new RangeError(`timeId needs 5 bytes of entropy, got ${entropy.length}`);
  const stamp = time.toISOString().replaceAll(/[-:]|\.\d+/g, '');
  let bits = 0n;
  for (const byte of entropy) bits = (bits << 8n) | BigInt(byte);
  let random = '';
  for (let i = 0; i < 8; i++) {
    random = CROCKFORD.charAt(Number(bits & 31n)) + random;
    bits >>= 5n;
  }
  return `${stamp}-${random}`;
}

/** The moment a time-led id carries, or undefined when the text is no such id. */
export function timeOfId(id: string): Date | undefined {
  const m = ID_PATTERN.exec(id);
  if (!m) return undefined;
  const time = new Date(`${m[1]}-${m[2]}-${m[3]}T${m[4]}:${m[5]}:${m[6]}Z`);
  return Number.isNaN(time.getTime()) ? undefined : time;
}

export function isTimeId(text: string): boolean {
  return timeOfId(text) !== undefined;
}

/** Procedures that are runs with a request id or a scheduled time at the end of their workflow id. */
export const PROCEDURES = [
  'backup',
  'backup-store',
  'import',
  'verify',
  'prune',
  'sweep',
  'restore',
  'restore-undo',
  'hold',
  'restart',
  'stop',
  'start',
  'deploy',
  'rollback',
  'scale',
  'job',
  'check',
  'look',
  'mark',
  'notify',
] as const;
export type Procedure = (typeof PROCEDURES)[number];

/** Look-ups, what tells, and children, of which their parent tells. */
const WITHOUT_RECORD: readonly string[] = ['backup-store', 'check', 'look', 'notify'];

/** Whether runs of a procedure leave a record and tell how they ended; no entity does. Dry runs never do. */
export const leavesRecord = (procedure: string): boolean =>
  PROCEDURES.some((one) => one === procedure) && !WITHOUT_RECORD.includes(procedure);

export function runId(procedure: Procedure, stack: string, last: string): string {
  return `${procedure}.${stack}.${last}`;
}

export interface RunIdParts {
  procedure: string;
  stack: string;
  last: string;
}

/** Inverse of {@link runId}; undefined for ids that are not ours. */
export function parseRunId(workflowId: string): RunIdParts | undefined {
  const [procedure, stack, ...rest] = workflowId.split('.');
  if (!procedure || !stack || rest.length === 0) return undefined;
  return { procedure, stack, last: rest.join('.') };
}

export const targetEntityId = (stack: string, target: string): string => `target.${stack}.${target}`;
export const storageEntityId = (stack: string): string => `storage.${stack}`;
export const ledgerEntityId = (stack: string): string => `ledger.${stack}`;
export const watchEntityId = (stack: string): string => `watch.${stack}`;
export const scheduleId = (procedure: Procedure, stack: string, plan: string): string =>
  `${procedure}.${stack}.${plan}`;
