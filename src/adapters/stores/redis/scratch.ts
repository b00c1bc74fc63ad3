import { chmod, mkdir } from 'node:fs/promises';
import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { Scratch, StoreCall, StorePort } from '../port.js';
import { assertEqual } from './compare-loaded.js';
import type { RedisStoreOptions } from './context.js';
import { detailOf, rdbBytes, writerOf } from './detail.js';
import { STREAMS } from './dump.js';
import { loadedFacts } from './loaded-facts.js';
import { openOwnPlace, type OwnPlace } from './own-place.js';
import { RDB } from './rdb-facts.js';
import { comparableFacts } from './restore-state.js';
import { assertRoom } from '../room.js';
import { startThrowaway, type Throwaway } from './throwaway.js';

/**
 * A store on a Redis of our own: `load` fetches the RDB and starts it on that, `compare` asks it. It runs in a throwaway
 * container of the service's image where there is one, else in `folder` on the worker. Whatever mode the place names, it
 * is the throwaway server that is filled. Throws `store.tool-too-old` when no Redis to be had reads the backup. Begins by
 * ending what an earlier attempt left.
 */
export async function scratch(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  folder: string,
  base: StorePort,
): Promise<Scratch> {
  const detail = detailOf(manifest);
  const writer = writerOf(manifest);
  await options.runtime.endMarked({ marker: call.markerPrefix });
  await mkdir(folder, { recursive: true });
  const open = (): Promise<OwnPlace> =>
    openOwnPlace(options, call, { folder, rdbVersion: detail.rdbVersion, writer });
  let place: OwnPlace | undefined = await open();
  // Whoever made it may have let others in, and the data will lie there in plain.
  if (!place.container) await chmod(folder, 0o700);
  let running: Throwaway | undefined;
  const close = async (): Promise<void> => {
    await running?.close();
    running = undefined;
    await place?.close();
    place = undefined;
  };
  const own = (): { server: Throwaway; where: string } => {
    if (!running || !place)
      throw new SteadyError('store.blocked', { says: 'nothing is loaded into the throwaway server' });
    return { server: running, where: place.where };
  };

  const store: StorePort = {
    ...base,
    async facts(inner) {
      const { server } = own();
      const { product, version, major } = server.version;
      return { product, version, major, facts: await loadedFacts(server, inner.signal) };
    },
    async load(inner, reader) {
      // The end of a server in a container is the end of the container.
      if (running) await close();
      const there = (place ??= await open());
      const file = `${there.folder}/${RDB}`;
      if (!there.container) await assertRoom(folder, rdbBytes(manifest), 'the RDB, to be proven');
      await reader.stream(
        STREAMS.rdb,
        there.place({ argv: ['dd', `of=${file}`, 'bs=1M'], env: { LC_ALL: 'C' } }),
      );
      const { databases, modules } = detail;
      running = await startThrowaway({
        // The outer signal: the server must outlive this phase.
        ...{ signal: call.signal, databases, modules },
        ...{ place: there.place, serve: there.serve, server: there.server, cli: there.cli },
        ...{ folder: there.folder, file: RDB, socket: there.socket },
      });
      inner.say(`loaded into ${nameOf(running)} ${there.where}`);
    },
    async compare(inner, wanted) {
      const { server, where } = own();
      const found = await loadedFacts(server, inner.signal);
      const by = `${server.version.product} ${server.version.major}`;
      const findings = assertEqual(comparableFacts(wanted), found, by === detail.factsBy);
      if (by !== detail.factsBy)
        findings.push(`digest not compared: taken by ${detail.factsBy}, loaded by ${by}`);
      return [`throwaway server: ${nameOf(server)} ${where}`, ...findings];
    },
    cutover: () => Promise.resolve({ gapSeconds: 0, notes: ['nothing to do: a throwaway server'] }),
    undo: async () => {
      await close();
      return ['ended the throwaway server'];
    },
    release: () => Promise.resolve(['nothing to do: a throwaway server']),
  };
  return { store, close };
}

const nameOf = ({ version }: Throwaway): string => `${version.product} ${version.version}`;
