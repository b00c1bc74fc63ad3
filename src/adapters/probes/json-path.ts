/**
 * The value at a dotted path such as `checks.0.status`: names of objects, indices of lists. A name that itself holds
 * dots is found when the rest of the path is exactly that name. Undefined when there is nothing.
 */
export function valueAt(value: unknown, path: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  const dot = path.indexOf('.');
  if (dot < 0) return undefined;
  const first = path.slice(0, dot);
  if (!Object.hasOwn(value, first)) return undefined;
  return valueAt((value as Record<string, unknown>)[first], path.slice(dot + 1));
}
