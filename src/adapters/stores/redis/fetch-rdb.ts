import { createWriteStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import { setTimeout as delay } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { spawnTool, toolFailure } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import type { StoreCall } from '../port.js';
import { failureOf } from './cli.js';
import { infoFields } from './info.js';
import type { Live, LiveSettings } from './live.js';
import { withoutMark } from './rdb-end.js';

export type RdbMethod = 'replication stream' | 'BGSAVE';

/** A server that forks and writes may be silent for long before the first byte. In seconds. */
const STALL = 900;

export interface FetchRdb {
  readonly call: StoreCall;
  readonly live: Live;
  /** Without them there is no BGSAVE: nobody knows where the file is. */
  readonly settings: LiveSettings | undefined;
  /** Reads a file where the server keeps it. */
  readonly cat: (path: string) => PlacedTool;
  readonly file: string;
}

/**
 * Brings an RDB of this moment to a file on the worker: as a replica would get it, or by BGSAVE where the user may not
 * synchronise. Throws `store.denied` when neither is allowed.
 */
export async function fetchRdb({ call, live, settings, cat, file }: FetchRdb): Promise<RdbMethod> {
  try {
    await toFile(live.tool(['--rdb', '-']), file, call.signal, live);
    return 'replication stream';
  } catch (error) {
    const refused =
      error instanceof SteadyError &&
      error.code === 'store.denied' &&
      /SYNC/i.test(String(error.facts['says']));
    if (!refused) throw error;
    if (!settings) throw error;
    call.say('the user may not synchronise: taking the file of a BGSAVE');
  }
  await backgroundSave(live, call.signal);
  await toFile(cat(`${settings.dir}/${settings.dbfilename}`), file, call.signal, live);
  return 'BGSAVE';
}

async function toFile(tool: PlacedTool, file: string, signal: AbortSignal, live: Live): Promise<void> {
  const running = await spawnTool(tool, { signal });
  running.stdin.end();
  let broken: Error | undefined;
  try {
    await pipeline(
      withStall(running.stdout, tool.label),
      withoutMark,
      createWriteStream(file, { mode: 0o600 }),
    );
  } catch (error) {
    broken = error as Error;
    if (!(error instanceof SteadyError) || error.code !== 'stream.corrupt') await running.end();
  }
  const exit = await running.exited;
  if (isSystemError(broken)) throw notWritten(broken, file);
  if (signal.aborted) throw new SteadyError('cancelled', { tool: tool.label });
  if (exit.code !== 0 && !(broken instanceof SteadyError && broken.code === 'stream.stalled')) {
    const { address } = live;
    const said = failureOf('', running.lastWords(), 0, address, '--rdb') ?? address.tunnel?.failure();
    throw said ?? toolFailure(running, exit);
  }
  if (broken) throw broken;
}

/** The worker's own file system refused: what the tool said after that is no reason. */
function isSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && 'syscall' in error;
}

function notWritten(error: NodeJS.ErrnoException, file: string): SteadyError {
  const full = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  const facts = { file, says: error.message.split(',')[0] };
  return new SteadyError(full ? 'store.no-room' : 'tool.failed', facts, { cause: error });
}

async function* withStall(body: AsyncIterable<Buffer>, tool: string): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]();
  for (;;) {
    const stall = new AbortController();
    const timer = delay(STALL * 1000, undefined, { signal: stall.signal }).then(
      () => Promise.reject(new SteadyError('stream.stalled', { tool, limit: `${STALL}s` })),
      () => ({ done: true as const, value: undefined }),
    );
    const next = await Promise.race([chunks.next(), timer]);
    stall.abort();
    if (next.done === true) return;
    yield next.value;
  }
}

async function backgroundSave(live: Live, signal: AbortSignal): Promise<void> {
  // One begun before us has an earlier moment: wait for its end, then begin our own.
  await untilSaved(live, signal);
  await live.ask(['BGSAVE'], { signal });
  const fields = await untilSaved(live, signal);
  if (fields.get('rdb_last_bgsave_status') !== 'ok') {
    throw new SteadyError('tool.failed', {
      tool: 'BGSAVE',
      says: 'rdb_last_bgsave_status is not ok: see the log of the server',
    });
  }
}

async function untilSaved(live: Live, signal: AbortSignal): Promise<Map<string, string>> {
  for (let wait = 50; ; wait = Math.min(wait * 1.5, 2000)) {
    const fields = infoFields(await live.ask(['INFO', 'persistence'], { signal }));
    if (fields.get('rdb_bgsave_in_progress') === '0') return fields;
    await delay(wait, undefined, { signal });
  }
}
