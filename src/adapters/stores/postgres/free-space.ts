import { isLoopback } from '../../../contracts/stack/loopback.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { Access } from './access.js';
import type { Session } from './session.js';

/** Room beyond the size the database had: indexes are built with sort files, WAL grows. */
export const SPARE = 1.2;

/**
 * Free bytes on the disk of the server's data folder, asked by `df` where its data are; undefined when the server is on
 * another machine or does not tell its folder. Tablespaces elsewhere are not looked at.
 */
export async function freeBytes(access: Access, session: Session): Promise<number | undefined> {
  const { config, runtime } = access.options;
  const near =
    config.service !== undefined ||
    config.host === undefined ||
    isLoopback(config.host) ||
    config.host.startsWith('/');
  if (!near) return undefined;
  const folder = await session.json<string | undefined>(
    `SELECT to_jsonb(max(setting)) FROM pg_settings WHERE name = 'data_directory'`,
  );
  if (folder === undefined || folder === '') return undefined;
  const df = runtime.place(
    { argv: ['df', '-Pk', folder] },
    { service: config.service, marker: access.call.marker },
  );
  const answer = await runTool(df, { signal: access.call.signal, limitSeconds: 30 }).catch(() => undefined);
  return answer && parseDf(answer.stdout);
}

/** Available bytes from `df -Pk` (POSIX: the fourth column, in KiB). */
export function parseDf(output: string): number | undefined {
  const available = output.trim().split('\n')[1]?.trim().split(/\s+/)[3];
  return available !== undefined && /^\d+$/.test(available) ? Number(available) * 1024 : undefined;
}
