import { randomBytes, randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { basename, dirname } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SteadyError } from '../../../contracts/failures.js';
import { Secret } from '../../../contracts/secret.js';
import type { StoreCall } from '../port.js';
import type { Ask } from './cli.js';
import type { RedisStoreOptions } from './context.js';
import { infoFields } from './info.js';
import { openOwnPlace, type OwnPlace } from './own-place.js';
import { bring } from './rdb-facts.js';
import { readRdbHeader, writerIn } from './rdb-header.js';
import type { RestoreState } from './restore-state.js';
import { startThrowaway } from './throwaway.js';

/** Marks a `masterauth` that a replication of ours has set: it is taken back at the end, also by a later attempt. */
const MARK = 'steady-';
/** At the end of it, where the server replicates by TLS: that is given back too. */
const BY_TLS = '.tls';

export interface Replicate {
  readonly options: RedisStoreOptions;
  readonly call: StoreCall;
  /** Commands to the server that is filled. */
  readonly target: Ask;
  /** RDB on the worker. */
  readonly file: string;
  readonly token: string;
  readonly state: Pick<RestoreState, 'databases' | 'modules'>;
  readonly limitSeconds?: number;
  /** Done when all is ready, right before the server is told to drop what it holds. */
  readonly before?: () => Promise<void>;
  /** Done when it failed and the server has surely taken nothing: it holds what it held, and is a primary again. */
  readonly untouched?: () => Promise<void>;
}

/**
 * Fills a server with an RDB by making it, for a moment, a replica of a Redis of our own that has loaded it. What it
 * held is dropped by the server when the transfer begins. Our Redis asks for a password made for this one transfer.
 * The target must reach that Redis on 127.0.0.1: it works for servers on the same host, and for a service's container,
 * whose network it shares. Ends with {@link endReplication}, which is
 * left to the caller: until then a later attempt can tell that the data there are ours.
 */
export async function replicate(input: Replicate): Promise<void> {
  const { options, call, target, file } = input;
  await refuseOwnReplication(target, call.signal);
  const header = await readRdbHeader(file);
  const wanted = { folder: dirname(file), rdbVersion: header.version, writer: writerIn(header) };
  const own = await openOwnPlace(options, call, { ...wanted, network: true });
  try {
    const rdb = own.container ? await bring(own, file, call.signal) : file;
    await takeOver(input, own, rdb);
  } finally {
    await own.close();
  }
}

async function takeOver(input: Replicate, own: OwnPlace, rdb: string): Promise<void> {
  const { call, target, token, state } = input;
  // In another network nobody can tell from here which ports are free there: one that is taken fails and is tried anew.
  const port = own.container ? randomInt(20_000, 32_000) : await freePort();
  const { databases, modules } = state;
  const where = { folder: dirname(rdb), file: basename(rdb), socket: own.socket };
  const byTls = await replicatesByTls(target, call.signal);
  const random = randomBytes(18).toString('base64url');
  const password = new Secret(`${MARK}${token}-${random}${byTls ? BY_TLS : ''}`);
  const extra = ['--repl-diskless-sync-delay', '0'];
  const programs = { place: own.place, serve: own.serve, server: own.server, cli: own.cli };
  const common = { signal: call.signal, ...programs, databases, modules };
  const source = await startThrowaway({ ...common, ...where, port, extra, password });
  let begun = false;
  try {
    await input.before?.();
    begun = true;
    await target(['CONFIG', 'SET', 'masterauth', password.reveal()], { secretly: true, signal: call.signal });
    // Ours is on the same machine, in the clear, and has no certificate that the server would take.
    if (byTls) await target(['CONFIG', 'SET', 'tls-replication', 'no'], { signal: call.signal });
    call.say('the server takes the data over from a Redis of our own');
    await target(['REPLICAOF', '127.0.0.1', String(port)], { signal: call.signal });
    await untilSynchronised(target, call, input.limitSeconds ?? 3600, source.ask);
    await target(['REPLICAOF', 'NO', 'ONE'], { signal: call.signal });
  } catch (error) {
    if (begun && (await tookNothing(target, source.ask, call.signal))) await input.untouched?.();
    throw error;
  } finally {
    await source.close();
  }
}

/** Whether a server that now replicates from nobody has never been given anything by ours; false when in doubt. */
async function tookNothing(target: Ask, source: Ask, signal: AbortSignal): Promise<boolean> {
  try {
    await endReplication(target, signal);
    return infoFields(await source(['INFO', 'stats'], { signal })).get('sync_full') === '0';
  } catch {
    return false;
  }
}

/** Whether the server replicates by TLS, or did until a replication of ours. One built without TLS has no such setting. */
async function replicatesByTls(target: Ask, signal: AbortSignal): Promise<boolean> {
  if ((await setting(target, 'tls-replication', signal)) === 'yes') return true;
  return (await setting(target, 'masterauth', signal)).endsWith(BY_TLS);
}

async function setting(target: Ask, name: string, signal: AbortSignal): Promise<string> {
  return (await target(['CONFIG', 'GET', name], { signal })).split('\n')[1] ?? '';
}

/** A server set up to replicate by credentials of its own would need them back afterwards: not ours to handle. */
async function refuseOwnReplication(target: Ask, signal: AbortSignal): Promise<void> {
  for (const name of ['masterauth', 'masteruser']) {
    const value = await setting(target, name, signal);
    if (value !== '' && !value.startsWith(MARK)) {
      throw new SteadyError('store.blocked', {
        setting: name,
        says: 'the server has credentials of its own for replication',
      });
    }
  }
}

/** Makes the server a primary again and takes back what the replication had set. Safe to repeat. */
export async function endReplication(target: Ask, signal: AbortSignal): Promise<void> {
  await target(['REPLICAOF', 'NO', 'ONE'], { signal });
  const password = await setting(target, 'masterauth', signal);
  if (!password.startsWith(MARK)) return;
  if (password.endsWith(BY_TLS)) await target(['CONFIG', 'SET', 'tls-replication', 'yes'], { signal });
  await target(['CONFIG', 'SET', 'masterauth', ''], { signal });
}

/** Whether a replication of this restore was begun there and not ended. */
export async function isOurReplica(target: Ask, token: string, signal: AbortSignal): Promise<boolean> {
  return (await setting(target, 'masterauth', signal)).startsWith(`${MARK}${token}-`);
}

/** Longest time until the server has connected to ours, in seconds. */
const CONNECT_LIMIT = 60;

async function untilSynchronised(
  target: Ask,
  call: StoreCall,
  limitSeconds: number,
  source: Ask,
): Promise<void> {
  const begun = Date.now();
  let connected = false;
  for (let wait = 50; ; wait = Math.min(wait * 1.5, 1000)) {
    try {
      const fields = infoFields(await target(['INFO'], { signal: call.signal }));
      const running = fields.get('master_sync_in_progress') === '1';
      if (fields.get('master_link_status') === 'up' && !running && fields.get('loading') === '0') return;
      connected ||= running;
    } catch (error) {
      // LOADING, while it reads what it received.
      if (!(error instanceof SteadyError) || error.code !== 'store.unreachable') throw error;
      connected = true;
    }
    const limit = connected ? limitSeconds : CONNECT_LIMIT;
    if (Date.now() - begun > limit * 1000) {
      const seen = infoFields(await source(['INFO', 'replication'])).get('connected_slaves');
      const says =
        'the server did not take the data over by replication: does it reach 127.0.0.1 where ours runs?';
      throw new SteadyError('store.blocked', { says, limit: `${limit}s`, replicas: seen });
    }
    await delay(wait, undefined, { signal: call.signal });
  }
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() =>
        typeof address === 'object' && address ? resolve(address.port) : reject(new Error('no port')),
      );
    });
  });
}
