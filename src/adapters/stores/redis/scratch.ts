import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { SteadyError } from '../../../contracts/failures.js';
import type { Manifest } from '../../../contracts/stored/manifest.js';
import type { Scratch, StoreCall, StorePort } from '../port.js';
import { assertEqual } from './compare-loaded.js';
import type { RedisStoreOptions } from './context.js';
import { detailOf, writerOf } from './detail.js';
import { STREAMS } from './dump.js';
import { workerPlace } from './live.js';
import { loadedFacts } from './loaded-facts.js';
import { findCli, findServer } from './programs.js';
import { comparableFacts } from './restore-state.js';
import { startThrowaway, type Throwaway } from './throwaway.js';
import { readsRdb } from './versions.js';

/**
 * A store on a Redis of our own in `folder`: `load` fetches the RDB and starts it on that, `compare` asks it. Whatever
 * mode the place names, it is the throwaway server that is filled. Throws `store.tool-too-old` when the binary on this
 * worker cannot read the backup.
 */
export async function scratch(
  options: RedisStoreOptions,
  call: StoreCall,
  manifest: Manifest,
  folder: string,
  base: StorePort,
): Promise<Scratch> {
  const detail = detailOf(manifest);
  const place = workerPlace(options, call);
  const server = await findServer(options.config.bin, place);
  const cli = await findCli(options.config.bin, place);
  if (!readsRdb(server.version, detail.rdbVersion, writerOf(manifest))) {
    const wanted = `${manifest.server.product} ${manifest.server.version}`;
    throw new SteadyError('store.tool-too-old', {
      tool: `${server.version.product} ${server.version.version}`,
      wanted,
    });
  }
  await mkdir(folder, { recursive: true, mode: 0o700 });
  let running: Throwaway | undefined;
  const close = async (): Promise<void> => {
    await running?.close();
    running = undefined;
  };
  const own = (): Throwaway => {
    if (!running)
      throw new SteadyError('store.blocked', { says: 'nothing is loaded into the throwaway server' });
    return running;
  };

  const store: StorePort = {
    ...base,
    async facts(inner) {
      const { product, version, major } = own().version;
      return { product, version, major, facts: await loadedFacts(own(), inner.signal) };
    },
    async load(inner, reader) {
      await close();
      const file = join(folder, 'dump.rdb');
      await reader.stream(STREAMS.rdb, place({ argv: ['dd', `of=${file}`, 'bs=1M'], env: { LC_ALL: 'C' } }));
      const { databases, modules } = detail;
      const where = { folder, file: 'dump.rdb', socket: join(folder, 's') };
      // The outer signal: the server must outlive this phase.
      running = await startThrowaway({
        signal: call.signal,
        place,
        server,
        cli: cli.path,
        databases,
        modules,
        ...where,
      });
      inner.say(`loaded into ${server.version.product} ${server.version.version}`);
    },
    async compare(inner, wanted) {
      const found = await loadedFacts(own(), inner.signal);
      const by = `${server.version.product} ${server.version.major}`;
      const findings = assertEqual(comparableFacts(wanted), found, by === detail.factsBy);
      if (by !== detail.factsBy)
        findings.push(`digest not compared: taken by ${detail.factsBy}, loaded by ${by}`);
      return [`loaded by ${server.version.product} ${server.version.version}`, ...findings];
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
