import { dirname } from 'node:path';
import type { StoreCall } from '../port.js';
import type { RedisStoreOptions } from './context.js';
import { fetchRdb } from './fetch-rdb.js';
import { dataBytes, infoFields } from './info.js';
import type { KeptFolder } from './kept-folder.js';
import { liveSettings, servicePlace, type Live } from './live.js';
import { assertRoom } from '../room.js';

export interface KeepLive {
  readonly live: Live;
  readonly kept: KeptFolder;
  /** In the kept folder. */
  readonly file: string;
}

/** Brings an RDB of what the server holds now to the worker, whole or not at all; one from before is replaced. */
export async function keepLive(
  options: RedisStoreOptions,
  call: StoreCall,
  { live, kept, file }: KeepLive,
): Promise<void> {
  call.say('keeping an RDB of the live data');
  const info = infoFields(await live.ask(['INFO', 'memory'], { signal: call.signal }));
  await assertRoom(dirname(file), dataBytes(info), 'an RDB of the live data, kept');
  const settings = await liveSettings(live.ask, call.signal);
  const cat = (path: string) => servicePlace(options, call)({ argv: ['cat', '--', path] });
  await fetchRdb({ call, live, settings, cat, file: `${file}.new` });
  await kept.settle(`${file}.new`, file);
}
