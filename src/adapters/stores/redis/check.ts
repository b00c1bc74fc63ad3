import { tmpdir } from 'node:os';
import { SteadyError } from '../../../contracts/failures.js';
import type { CheckLine, StoreCall } from '../port.js';
import { certificateLine } from '../tls/certificates.js';
import type { RedisStoreOptions } from './context.js';
import { dataBytes, infoFields } from './info.js';
import { networkLines } from './listening.js';
import { liveServer, liveSettings, openLive, workerPlace, type Live, type LiveSettings } from './live.js';
import { findServer } from './programs.js';
import { freeBytes } from '../room.js';
import { tlsServer } from './tls.js';
import type { ServerInfo } from './versions.js';
import { chooseWay, dataFolder } from './way.js';

const line = (status: CheckLine['status'], what: string, message: string, hint?: string): CheckLine => ({
  ...{ status, what, message },
  ...(hint !== undefined && { hint }),
});

const failed = (what: string, error: unknown): CheckLine => {
  if (!(error instanceof SteadyError)) throw error;
  return line('error', what, error.message, error.hint);
};

/** Reach, rights, persistence, files and tools of a Redis store, a line each. */
export async function check(options: RedisStoreOptions, call: StoreCall): Promise<CheckLine[]> {
  let live: Live;
  let server: ServerInfo & { info: string };
  let settings: LiveSettings | undefined;
  try {
    live = await openLive(options, call);
    server = await liveServer(live.ask, call.signal);
    settings = await liveSettings(live.ask, call.signal);
  } catch (error) {
    return [failed('reach', error)];
  }
  const anybody = await answersUnknown(live, settings, call);
  const reach = [
    line('ok', 'reach', `${server.product} ${server.version}, ${server.role}`),
    ...(await certificate(options, call)),
    ...passwordLines(anybody),
    ...(await networkLines(options, live, settings, { ...call, anybody })),
  ];
  if (options.reading === true)
    return [
      ...reach,
      await rights(live, server, settings, call),
      ...(await reader(options, live, call)),
      await room(options, server),
    ];
  return [
    ...reach,
    await rights(live, server, settings, call),
    persistence(settings),
    await files(options, call, settings),
    await ownServer(options, call, server),
    await room(options, server),
  ];
}

async function certificate(
  { config: { tls, host = '127.0.0.1', port }, service }: RedisStoreOptions,
  { signal }: StoreCall,
): Promise<CheckLine[]> {
  if (tls === undefined || service !== undefined) return [];
  return [await certificateLine(tlsServer({ host, port }, tls), signal)];
}

function passwordLines(anybody: boolean): CheckLine[] {
  if (!anybody) return [];
  const hint = 'Set requirepass in the server (or `user default off` with ACL users), and password here.';
  return [line('warning', 'password', 'none is asked: whoever reaches it reads and changes all data', hint)];
}

/** Whether it answers anybody; a server that is reached with client certificates alone does not. */
async function answersUnknown(
  live: Live,
  settings: LiveSettings | undefined,
  { signal }: StoreCall,
): Promise<boolean> {
  const onlyKnown =
    settings?.all.get('port') === '0' &&
    settings.all.get('tls-port') !== '0' &&
    settings.all.get('tls-auth-clients') === 'yes';
  return !onlyKnown && (await answersAnybody(live, signal));
}

async function answersAnybody({ askUnknown }: Live, signal: AbortSignal): Promise<boolean> {
  try {
    return (await askUnknown(['PING'], { signal })) === 'PONG';
  } catch (error) {
    if (error instanceof SteadyError && error.code === 'store.denied') return false;
    throw error;
  }
}

/** Whether the account may run a command; undefined where that cannot be told. */
async function mayRun(live: Live, command: readonly string[], call: StoreCall): Promise<boolean | undefined> {
  try {
    const user = await live.ask(['ACL', 'WHOAMI'], { signal: call.signal });
    return (await live.ask(['ACL', 'DRYRUN', user, ...command], { signal: call.signal })) === 'OK';
  } catch (error) {
    // The user may not ask, or the server is older than 7.0, which has no DRYRUN.
    if (error instanceof SteadyError && (error.code === 'store.denied' || error.code === 'tool.failed'))
      return undefined;
    throw error;
  }
}

/** That the account of the backups can change nothing. */
async function reader(options: RedisStoreOptions, live: Live, call: StoreCall): Promise<CheckLine[]> {
  const user = options.config.user ?? 'default';
  const more: string[] = [];
  for (const command of [['SET', 'any', 'value'], ['FLUSHALL'], ['CONFIG', 'SET', 'dir', '/'], ['SHUTDOWN']])
    if ((await mayRun(live, command, call)) === true) more.push(command.slice(0, 2).join(' '));
  if (more.length === 0) return [];
  const hint = 'Take it away: docs/permissions.md says what a reader needs.';
  return [line('warning', 'reader', `${user} can do more than a backup needs: ${more.join(', ')}`, hint)];
}

async function rights(
  live: Live,
  server: ServerInfo,
  settings: LiveSettings | undefined,
  call: StoreCall,
): Promise<CheckLine> {
  const may = (command: string) => mayRun(live, [command], call);
  const sync = await may('sync');
  if (sync === true) return line('ok', 'rights', 'may synchronise: backups come as a replication stream');
  const save = (await may('bgsave')) === true && settings !== undefined;
  if (sync === false && save)
    return line(
      'warning',
      'rights',
      'may not SYNC: backups are taken by BGSAVE, which writes to the server’s own disk',
      'Grant +sync +psync +replconf, and backups come as a replication stream.',
    );
  if (sync === false) {
    const hint = 'Grant +sync +psync +replconf, or +bgsave and +config|get.';
    return line('error', 'rights', 'may neither SYNC nor BGSAVE: no backup can be taken', hint);
  }
  return line(
    'warning',
    'rights',
    `cannot be told by ${server.product} ${server.version}: a backup will show whether the user may SYNC`,
    'Take one with `steady backup run`; an ACL user needs +sync +psync +replconf.',
  );
}

function persistence(settings: LiveSettings | undefined): CheckLine {
  if (!settings) {
    const hint = 'Grant +config|get: a restore must know whether the server is append-only.';
    return line('warning', 'persistence', 'the user may not read the settings', hint);
  }
  if (settings.appendonly)
    return line('ok', 'persistence', 'append-only: a restore goes in through its base file');
  if (settings.save === '') {
    const hint = 'Set save points or appendonly yes.';
    return line('warning', 'persistence', 'none: everything since the start is lost in a crash', hint);
  }
  return line('ok', 'persistence', 'RDB');
}

async function files(
  options: RedisStoreOptions,
  call: StoreCall,
  settings: LiveSettings | undefined,
): Promise<CheckLine> {
  const way = await chooseWay(options, call, settings);
  if (way.kind === 'replication') {
    const hint =
      'Give data, and a service or process commands, so that the replaced data can be kept as they are.';
    return line('warning', 'data folder', `restores go by replication: ${way.why}`, hint);
  }
  const folder = dataFolder(options, settings) ?? way.files.folder;
  const entries = await way.files.list();
  const known =
    settings &&
    [settings.dbfilename, settings.appenddirname, settings.appendfilename].some(
      (name) => name !== undefined && entries?.includes(name),
    );
  if (settings && !known && (settings.appendonly || settings.save !== '')) {
    const hint = 'Name the folder as the worker sees it as data.';
    return line('warning', 'data folder', `${folder} holds no data file of this server`, hint);
  }
  if (options.config.data === undefined) {
    const hint = `Set data: ${folder}, so that it is known while the server is down.`;
    return line('warning', 'data folder', `${folder} can be written; only the running server tells it`, hint);
  }
  return line('ok', 'data folder', `${folder} can be written`);
}

async function ownServer(
  options: RedisStoreOptions,
  call: StoreCall,
  server: ServerInfo,
): Promise<CheckLine> {
  if (options.service && options.runtime.kind === 'compose')
    return line('ok', 'own server', 'a throwaway container of the service’s image');
  try {
    const { version } = await findServer(options.config.bin, workerPlace(options, call));
    const message = `${version.product} ${version.version} on the worker`;
    const older =
      version.product !== server.product ||
      version.major < server.major ||
      (version.major === server.major && version.minor < server.minor);
    if (!older) return line('ok', 'own server', message);
    const hint = 'Install the server binary of its version where the worker runs.';
    return line(
      'warning',
      'own server',
      `${message}: older than, or another product than, ${server.product} ${server.version}`,
      hint,
    );
  } catch (error) {
    return failed('own server', error);
  }
}

async function room(
  { scratch = tmpdir() }: RedisStoreOptions,
  server: { readonly info: string },
): Promise<CheckLine> {
  const used = dataBytes(infoFields(server.info)) ?? 0;
  const free = await freeBytes(scratch);
  const message = `${Math.round(free / 2 ** 20)} MiB free in ${scratch}, the data take ${Math.round(used / 2 ** 20)} MiB of memory`;
  if (free > used) return line('ok', 'scratch room', message);
  return line(
    'warning',
    'scratch room',
    message,
    'An RDB is brought there before it is stored: free space, or give the worker a folder on a larger disk (`steady worker --scratch`, `steady up --state`).',
  );
}
