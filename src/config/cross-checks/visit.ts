/** Calls for a value and everything in it, each with its path. */
export function visit(
  value: unknown,
  call: (path: readonly (string | number)[], value: unknown) => void,
  path: readonly (string | number)[] = [],
): void {
  call(path, value);
  if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) visit(item, call, [...path, index]);
  } else if (typeof value === 'object' && value !== null) {
    for (const [key, item] of Object.entries(value)) visit(item, call, [...path, key]);
  }
}
