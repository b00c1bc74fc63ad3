import { setTimeout as delay } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import type { ServiceHandle } from '../../runtimes/port.js';
import type { StoreCall } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { serverHandle } from './context.js';
import { openLive, ping, type Live, type PingState } from './live.js';
import { infoFields } from './info.js';

/** Longest time for a server to stop with its data written, or to answer at all after a start. In seconds. */
const STOP_LIMIT = 600;
const ANSWER_LIMIT = 60;

/**
 * Stops the server with everything it holds on disk, so that the files moved aside are all there was: an append-only
 * server flushes by itself; any other one is made to save. Fine when it is stopped already.
 */
export async function stopServer(options: RedisStoreOptions, call: StoreCall): Promise<void> {
  const handle = needHandle(options);
  const live = await openLiveOrNone(options, call);
  if (live !== undefined) {
    await until(
      'up or down',
      STOP_LIMIT,
      call,
      async () => (await ping(live.ask, call.signal)) !== 'loading',
    );
  }
  if (live !== undefined && (await ping(live.ask, call.signal)) === 'up') {
    const fields = infoFields(await live.ask(['INFO', 'persistence'], { signal: call.signal }));
    const appendOnly = fields.get('aof_enabled') === '1';
    const byCommand = !options.service && options.config.process?.stop === undefined;
    if (byCommand) {
      // The connection ends with the server: what redis-cli makes of that tells nothing, the ping below does.
      await live
        .ask(['SHUTDOWN', appendOnly ? 'NOSAVE' : 'SAVE'], { signal: call.signal, limitSeconds: STOP_LIMIT })
        .catch(onlyEnded);
    } else if (!appendOnly) {
      await live.ask(['SAVE'], { signal: call.signal, limitSeconds: STOP_LIMIT });
    }
    if (!byCommand) await options.runtime.stop(handle, { signal: call.signal });
    await until('stopped', STOP_LIMIT, call, async () => (await ping(live.ask, call.signal)) === 'down');
    return;
  }
  // It may hang or be starting over and over: only what runs it can end that.
  if (options.service || options.config.process?.stop !== undefined)
    await options.runtime.stop(handle, { signal: call.signal });
}

/**
 * Starts it when it does not answer, and waits until it has loaded its data. Fails with the last words of a start command
 * as soon as that has failed.
 */
export async function startServer(
  options: RedisStoreOptions,
  call: StoreCall,
  loadSeconds = 3600,
): Promise<void> {
  const handle = needHandle(options);
  // Found once: in a container each look for redis-cli costs as much as asking.
  let live: Live | undefined;
  const state = async (): Promise<PingState> => {
    live ??= await openLiveOrNone(options, call);
    return live ? ping(live.ask, call.signal) : 'down';
  };
  if ((await state()) === 'down') await options.runtime.start(handle, { signal: call.signal });
  const answers = async (): Promise<boolean> => {
    // Asked before the ping: a command that failed because a server is there already leaves one that answers.
    const failed = options.service
      ? undefined
      : (await options.runtime.state(handle, { signal: call.signal })).failed;
    if ((await state()) !== 'down') return true;
    if (failed) throw new SteadyError('service.failed', { service: handle.name, action: 'start', ...failed });
    return false;
  };
  await until('answering', ANSWER_LIMIT, call, answers);
  await until('loaded', loadSeconds, call, async () => (await state()) === 'up');
}

function needHandle(options: RedisStoreOptions): ServiceHandle {
  const handle = serverHandle(options);
  if (!handle)
    throw new SteadyError('store.blocked', { says: 'nothing is given to stop and start the server with' });
  return handle;
}

/** Inside a stopped container there is no redis-cli to be found: that is `down`, not a missing tool. */
async function openLiveOrNone(options: RedisStoreOptions, call: StoreCall) {
  try {
    return await openLive(options, call);
  } catch (error) {
    if (options.service && options.runtime.kind === 'compose') return undefined;
    throw error;
  }
}

function onlyEnded(error: unknown): void {
  if (!(error instanceof SteadyError) || error.code === 'store.denied') throw error;
  if (/^ERR/.test(String(error.facts['says']))) throw error;
}

async function until(
  what: string,
  limitSeconds: number,
  call: StoreCall,
  holds: () => Promise<boolean>,
): Promise<void> {
  const end = Date.now() + limitSeconds * 1000;
  for (let wait = 50; !(await holds()); wait = Math.min(wait * 1.5, 1000)) {
    if (Date.now() > end)
      throw new SteadyError('service.failed', { wanted: what, limit: `${limitSeconds}s` });
    await delay(wait, undefined, { signal: call.signal });
  }
}
