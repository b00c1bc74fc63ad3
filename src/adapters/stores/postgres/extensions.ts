import { SteadyError } from '../../../contracts/failures.js';
import type { Detail } from './detail.js';
import type { Session } from './session.js';

/** Fails with `tool.missing` when the server has an extension of the backup not installed. */
export async function refuseMissingExtensions(
  session: Session,
  detail: Detail,
  where: string,
): Promise<void> {
  const available = await session.json<string[]>('SELECT jsonb_agg(name) FROM pg_available_extensions');
  const missing = detail.extensions
    .map((extension) => extension.name)
    .filter((name) => !available.includes(name));
  if (missing.length === 0) return;
  throw new SteadyError('tool.missing', { tool: `extension ${missing.join(', ')}`, wanted: where });
}
