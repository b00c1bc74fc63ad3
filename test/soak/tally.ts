export const PROCEDURES = ['backup', 'verify', 'restore --into', 'prune'] as const;
export type Procedure = (typeof PROCEDURES)[number];
export const FAULTS = ['worker', 'temporal', 'database', 'storage'] as const;
export type Fault = (typeof FAULTS)[number];

/** What has happened so far. */
export interface Tally {
  readonly ended: Record<Procedure, number>;
  readonly seconds: Record<Procedure, number>;
  readonly faults: Record<Fault, number>;
  /** Attempts of activities, and those of them that were not the first. */
  attempts: number;
  again: number;
  readonly failures: string[];
}

const zeros = <K extends string>(keys: readonly K[]): Record<K, number> =>
  Object.fromEntries(keys.map((key) => [key, 0])) as Record<K, number>;

export const createTally = (): Tally => ({
  ended: zeros(PROCEDURES),
  seconds: zeros(PROCEDURES),
  faults: zeros(FAULTS),
  attempts: 0,
  again: 0,
  failures: [],
});

const sum = (counts: Record<string, number>): number => Object.values(counts).reduce((a, b) => a + b, 0);

/** The tables of docs/soak.md. */
export function tablesOf(tally: Tally, seconds: number): string {
  const mean = (procedure: Procedure): string =>
    (tally.seconds[procedure] / Math.max(1, tally.ended[procedure])).toFixed(1);
  return [
    '| procedure | ended well | seconds each, mean |',
    '| --- | --- | --- |',
    ...PROCEDURES.map((one) => `| ${one} | ${tally.ended[one]} | ${mean(one)} |`),
    `| all | ${sum(tally.ended)} | |`,
    '',
    '| fault | times |',
    '| --- | --- |',
    ...FAULTS.map((one) => `| ${one} | ${tally.faults[one]} |`),
    `| all | ${sum(tally.faults)} of ${tally.attempts} attempts of activities |`,
    '',
    `Attempts again: ${tally.again}. Failures: ${tally.failures.length}. Seconds: ${Math.round(seconds)}.`,
  ].join('\n');
}
