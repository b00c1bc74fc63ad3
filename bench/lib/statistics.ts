/** Of an even number the mean of the two in the middle. Throws for none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const high = sorted[Math.floor(sorted.length / 2)];
  const low = sorted[Math.ceil(sorted.length / 2) - 1];
  if (high === undefined || low === undefined) throw new RangeError('no values');
  return (low + high) / 2;
}

export interface Spread {
  readonly median: number;
  readonly least: number;
  readonly most: number;
}

export function spreadOf(values: readonly number[]): Spread {
  return { median: median(values), least: Math.min(...values), most: Math.max(...values) };
}

/**
 * Ratios of what was measured in the same round: a machine that is slower for a while is slower for both. Values are
 * paired by their place.
 */
export function ratios(values: readonly number[], by: readonly number[]): Spread {
  if (values.length !== by.length)
    throw new RangeError(`${values.length} values, ${by.length} to compare with`);
  return spreadOf(values.map((value, at) => value / (by[at] as number)));
}
