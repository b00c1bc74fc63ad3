import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';

/** Majors of the server this adapter knows: what is supported upstream, and two before. */
export const OLDEST_MAJOR = 13;
export const NEWEST_MAJOR = 19;

export interface ServerVersion {
  readonly version: string;
  readonly major: number;
}

/** From `server_version_num`, such as 150018. Fails with `store.unsupported` for majors this adapter does not know. */
export function serverVersion(number: number, text: string): ServerVersion {
  const major = Math.floor(number / 10_000);
  if (major < OLDEST_MAJOR || major > NEWEST_MAJOR) {
    throw new SteadyError('store.unsupported', {
      product: 'PostgreSQL',
      version: text,
      known: `${OLDEST_MAJOR}-${NEWEST_MAJOR}`,
    });
  }
  return { version: text, major };
}

/** The version of `pg_dump --version` and alike: `pg_dump (PostgreSQL) 15.18 (Debian …)`, also `19beta1`. */
export function toolVersion(output: string): ServerVersion | undefined {
  const match = /\(PostgreSQL\) ((\d+)\S*)/.exec(output);
  return match?.[1] && match[2] ? { version: match[1], major: Number(match[2]) } : undefined;
}

/** Major of the pg_dump that wrote a backup: its archives need a pg_restore of that version or newer (manual, pg_dump). */
export function writtenBy(manifest: Pick<Manifest, 'tools' | 'server'>): number {
  return Number.parseInt(manifest.tools['pg_dump'] ?? '', 10) || manifest.server.major;
}
