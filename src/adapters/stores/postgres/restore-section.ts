import { MONEY_ALIKE } from './connection.js';
import { feed } from '../../../pipelines/feed-tool.js';
import { spawnTool, toolFailure, type RunningTool } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { BackupReader } from '../port.js';
import type { Access } from './access.js';
import { conninfo } from './quote.js';
import type { Section } from './sections.js';

/** Loading is not worth waiting for the disk at each statement: until the cut-over a crash only means to begin anew. */
export const LOADING = `${MONEY_ALIKE} -c synchronous_commit=off -c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c default_transaction_read_only=off`;

/** pg_restore 17 and newer set a parameter that servers before 17 do not have. */
export const UNKNOWN_BEFORE_17 = 'SET transaction_timeout = 0;\n';
/** The settings are at the head of the script, well within this many bytes. */
const HEAD_BYTES = 16 * 1024;

/** Whether pg_restore's own connection would fail at {@link UNKNOWN_BEFORE_17}. */
export const needsScript = ({ tools, server }: Access): boolean => tools.major >= 17 && server.major < 17;

/** Where a section goes. */
export interface Target {
  readonly database: string;
  /** False where a tablespace of the backup is not there: then all goes to the default one. */
  readonly tablespaces: boolean;
  /** False where roles of the backup are not to be had: then all belongs to the user, and nothing is granted. */
  readonly owners: boolean;
}

/**
 * What is left out: a restored subscription would belong to a slot that the live database uses, and keep its own from
 * being dropped.
 */
export function leaveOut({ tablespaces, owners }: Target): string[] {
  return [
    '--no-subscriptions',
    ...(tablespaces ? [] : ['--no-tablespaces']),
    ...(owners ? [] : ['--no-owner', '--no-privileges']),
  ];
}

/** Feeds a section to pg_restore, which ends at the first error. */
export async function restoreSection(
  access: Access,
  target: Target,
  section: Section,
  reader: Pick<BackupReader, 'open' | 'stream'>,
): Promise<void> {
  if (needsScript(access)) return restoreAsScript(access, target, section, reader);
  const { database } = target;
  const args = ['--exit-on-error', '--no-password', ...leaveOut(target), '-d', conninfo(database)];
  await reader.stream(section, access.tool('pg_restore', args, { database, env: { PGOPTIONS: LOADING } }));
}

/** The same by way of a script without that one line: pg_restore writes it, psql runs it. */
async function restoreAsScript(
  access: Access,
  target: Target,
  section: Section,
  reader: Pick<BackupReader, 'open' | 'stream'>,
): Promise<void> {
  const { signal } = access.call;
  const psqlArgs = ['-X', '-q', '--no-password', '-v', 'ON_ERROR_STOP=1', '-f', '-'];
  const psql = access.tool('psql', psqlArgs, { database: target.database, env: { PGOPTIONS: LOADING } });
  const started: RunningTool[] = [];
  const start = async (tool: PlacedTool): Promise<RunningTool> => {
    const running = await spawnTool(tool, { signal });
    started.push(running);
    return running;
  };
  try {
    const writes = await start(access.tool('pg_restore', [...leaveOut(target), '-f', '-']));
    const runs = await start(psql);
    runs.stdout.resume();
    const moved = await Promise.allSettled([
      feed(reader.open(section), writes.stdin),
      feed(withoutLine(writes.stdout as AsyncIterable<Buffer>, UNKNOWN_BEFORE_17), runs.stdin),
    ]);
    for (const tool of [runs, writes]) {
      const exit = await tool.exited;
      if (exit.code !== 0) throw toolFailure(tool, exit);
    }
    // Both ended well, so a stream that did not is damage in the backup.
    for (const outcome of moved) if (outcome.status === 'rejected') throw outcome.reason;
  } catch (error) {
    await Promise.all(started.map((tool) => tool.end(1)));
    throw error;
  }
}

/** A stream without the first occurrence of a line near its head. */
export async function* withoutLine(source: AsyncIterable<Buffer>, line: string): AsyncGenerator<Buffer> {
  const cut = (text: Buffer): Buffer => {
    const at = text.indexOf(`\n${line}`);
    return at < 0 ? text : Buffer.concat([text.subarray(0, at + 1), text.subarray(at + 1 + line.length)]);
  };
  let head: Buffer | undefined = Buffer.alloc(0);
  for await (const chunk of source) {
    if (head === undefined) {
      yield chunk;
      continue;
    }
    head = Buffer.concat([head, chunk]);
    if (head.length < HEAD_BYTES) continue;
    yield cut(head);
    head = undefined;
  }
  if (head !== undefined) yield cut(head);
}
