import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { SteadyError } from '../../contracts/failures.js';
import { theOne } from '../../contracts/one-of.js';
import type { CalendarConfig } from '../../contracts/stack/changes.js';
import type { SecretsPort } from '../secrets/port.js';
import { eventsAt } from './ics.js';
import type { CalendarPort } from './port.js';

const FETCH_MS = 10_000;

/** The calendar that a stack file names; days and times without a zone are those of `zone`. */
export function createCalendar(
  config: CalendarConfig,
  of: { readonly baseFolder: string; readonly zone: string; readonly secrets: SecretsPort },
): CalendarPort {
  const { kind, options } = theOne(config);
  const label =
    kind === 'file' ? options : typeof options === 'string' ? new URL(options).host : 'a calendar by URL';
  const unreadable = (error: unknown): SteadyError => {
    const words =
      error instanceof Error ? ((error as NodeJS.ErrnoException).code ?? error.message) : String(error);
    return new SteadyError('calendar.unreadable', { calendar: label, error: words }, { cause: error });
  };
  const read = async (signal: AbortSignal | undefined): Promise<string> => {
    if (kind === 'file') return await readFile(resolve(of.baseFolder, options), 'utf8');
    const address = typeof options === 'string' ? options : (await of.secrets.resolve(options)).reveal();
    const limit = AbortSignal.timeout(FETCH_MS);
    const answer = await fetch(address, { signal: signal ? AbortSignal.any([signal, limit]) : limit });
    if (!answer.ok) throw new Error(`it answers ${answer.status}`);
    return await answer.text();
  };
  return {
    label,
    async at(moment, { signal } = {}) {
      const text = await read(signal).catch((error: unknown) => {
        throw unreadable(error);
      });
      return eventsAt(text, moment, { label, zone: of.zone });
    },
  };
}
