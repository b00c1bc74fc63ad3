import type { z } from 'zod';
import { SteadyError } from '../../contracts/failures.js';
import type { Manifest } from '../../contracts/stored/manifest.js';

/**
 * The `detail` of a manifest as the adapter of its kind reads it. Fails with `storage.future` for a key where the schema
 * takes no unknown ones, as it would change what the bytes mean: a newer version wrote it, and nothing is wrong with the
 * backup. Fails with `storage.damaged` when it is otherwise none of that kind.
 */
export function readDetailOf<S extends z.ZodType>(
  kind: string,
  schema: S,
  manifest: Pick<Manifest, 'id' | 'kind' | 'detail'>,
): z.output<S> {
  if (manifest.kind !== kind)
    throw new SteadyError('storage.damaged', { backup: manifest.id, field: 'kind' });
  const parsed = schema.safeParse(manifest.detail);
  if (parsed.success) return parsed.data;
  const { issues } = parsed.error;
  const unknown = issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys' ? issue.keys.map((key) => [...issue.path, key].join('.')) : [],
  );
  if (unknown.length > 0)
    throw new SteadyError('storage.future', { backup: manifest.id, unknown: unknown.join(',') });
  throw new SteadyError('storage.damaged', { backup: manifest.id, field: issues[0]?.path.join('.') });
}
