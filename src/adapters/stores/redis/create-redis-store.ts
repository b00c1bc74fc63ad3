import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace, StoreCall, StorePort } from '../port.js';
import { afterLeftovers } from '../after-leftovers.js';
import { namingNoRoom } from '../room.js';
import { check } from './check.js';
import { compareBeside } from './compare-beside.js';
import { composeService, type RedisStoreOptions } from './context.js';
import { cutoverFiles } from './cutover-files.js';
import type { DataFiles } from './data-files.js';
import { dump } from './dump.js';
import { escape } from './escape.js';
import { importRdb, recogniseRdb } from './import-rdb.js';
import { compareInto, finishInto, loadInto, undoInto } from './into.js';
import { keptFolder } from './kept-folder.js';
import { liveFactsOf } from './live-facts.js';
import { liveServer, liveSettings, openLive, ping, type LiveSettings } from './live.js';
import { loadBesideFiles } from './load-files.js';
import { preview } from './preview.js';
import { readable } from './readable.js';
import * as byReplication from './replica-phases.js';
import { namesOf, readState, stateOf } from './restore-state.js';
import { startServer } from './run-server.js';
import { scratch } from './scratch.js';
import { withTunnels } from './tls.js';
import { keptFiles, releaseFiles, undoFiles } from './undo-files.js';
import { keptByReplication, releaseReplication, undoByReplication } from './undo-replica.js';
import { chooseWay, withContainerBeside } from './way.js';

/**
 * Redis 6 to 8 and Valkey 7 to 9 as a store. A restore lays the data out beside the live ones and swaps files while
 * the server is stopped; where the files cannot be reached the server replicates the data from a Redis of our own.
 */
export function createRedisStore(options: RedisStoreOptions): StorePort {
  const store = phasesOf(options);
  const reaching = <T>(call: StoreCall, phase: (store: StorePort) => Promise<T>): Promise<T> =>
    withTunnels(options, call, (scoped) => phase(phasesOf(scoped)));
  const beside = <T>(call: StoreCall, phase: (store: StorePort) => Promise<T>): Promise<T> =>
    withTunnels(options, call, (reached) =>
      withContainerBeside(reached, call, (scoped) => phase(phasesOf(scoped))),
    );
  const phases: StorePort = {
    ...store,
    facts: (call) => reaching(call, (one) => one.facts(call)),
    check: (call) => reaching(call, (one) => one.check(call)),
    dump: (call, writer) => reaching(call, (one) => one.dump(call, writer)),
    preview: (call, ...rest) => beside(call, (one) => one.preview(call, ...rest)),
    load: (call, ...rest) => beside(call, (one) => one.load(call, ...rest)),
    compare: (call, ...rest) => beside(call, (one) => one.compare(call, ...rest)),
    cutover: (call, ...rest) => beside(call, (one) => one.cutover(call, ...rest)),
    undo: (call, ...rest) => beside(call, (one) => one.undo(call, ...rest)),
    kept: (call, ...rest) => beside(call, (one) => one.kept(call, ...rest)),
    release: (call, ...rest) => beside(call, (one) => one.release(call, ...rest)),
  };
  const service = options.service && composeService(options.service);
  return afterLeftovers(namingNoRoom(phases), ({ markerPrefix }) =>
    options.runtime.endMarked({ service, marker: markerPrefix }),
  );
}

function phasesOf(options: RedisStoreOptions): StorePort {
  /** Settings of a server that may be down; it is started when only it knows where its data lie. */
  const settingsOf = async (call: StoreCall, wake: boolean): Promise<LiveSettings | undefined> => {
    const open = () => openLive(options, call);
    const up = await open().then(
      async (live) => (await ping(live.ask, call.signal)) === 'up',
      isStopped(options),
    );
    if (!up && !(wake && options.config.data === undefined && hasHandle(options))) return undefined;
    if (!up) await startServer(options, call);
    const live = await open();
    return liveSettings(live.ask, call.signal);
  };
  const filesOf = async (call: StoreCall, place: RestorePlace): Promise<DataFiles | undefined> => {
    if (await keptFolder(options, place).state()) return undefined;
    const way = await chooseWay(options, call, await settingsOf(call, true));
    return way.kind === 'files' ? way.files : undefined;
  };

  const store: StorePort = {
    kind: 'redis',
    async facts(call) {
      const live = await openLive(options, call);
      return liveFactsOf(await liveServer(live.ask, call.signal));
    },
    check: (call) => check(options, call),
    dump: (call, writer) => dump(options, call, writer),
    recognise: recogniseRdb,
    importDump: (call, writer, file) => importRdb(options, call, writer, file),
    escape,
    readable: (call, reader) => readable(options, call, reader),
    preview: (call, manifest, place) => preview(options, call, manifest, place),
    async load(call, reader, place) {
      if (place.mode === 'into') return loadInto(options, call, reader, place);
      const settings = await settingsOf(call, false);
      const way = await chooseWay(options, call, settings);
      if (way.kind === 'files') return loadBesideFiles(call, reader, place, way.files, settings);
      return byReplication.loadForReplication(options, call, reader, place);
    },
    async compare(call, manifest, place) {
      if (place.mode === 'into') return compareInto(options, call, manifest, place);
      const files = await filesOf(call, place);
      if (!files) return byReplication.compareForReplication(options, call, manifest, place);
      const { work } = namesOf(place);
      const state = await readState(files, work);
      if (!state)
        throw new SteadyError('store.blocked', {
          says: 'nothing is loaded beside the live data',
          token: place.token,
        });
      return compareBeside(options, call, { rdb: files.path(work, state.rdb), state: stateOf(manifest) });
    },
    async cutover(call, place) {
      if (place.mode === 'into') {
        await finishInto(options, call, place);
        return { gapSeconds: 0, notes: ['nothing to do: the live data are not touched'] };
      }
      const files = await filesOf(call, place);
      return files
        ? cutoverFiles(options, call, place, files)
        : byReplication.cutoverByReplication(options, call, place);
    },
    async undo(call, place, given) {
      if (place.mode === 'into') return undoInto(options, call, place);
      const files = await filesOf(call, place);
      return files
        ? undoFiles(options, call, place, { files, ...given })
        : undoByReplication(options, call, place, given);
    },
    async kept(call, place) {
      if (place.mode === 'into') return undefined;
      const files = await filesOf(call, place);
      return files ? keptFiles(place, files) : keptByReplication(options, place);
    },
    async release(call, place) {
      if (place.mode === 'into') return ['nothing to do: nothing was replaced'];
      const files = await filesOf(call, place);
      return files ? releaseFiles(place, files) : releaseReplication(options, place);
    },
    scratch: (call, manifest, folder) => scratch(options, call, manifest, folder, store),
  };
  return store;
}

const hasHandle = (options: RedisStoreOptions): boolean =>
  options.service !== undefined || options.config.process !== undefined;

/** A stopped container is a server that is down, not an error. */
const isStopped =
  (options: RedisStoreOptions) =>
  (error: unknown): false => {
    const inContainer = options.service !== undefined && options.runtime.kind === 'compose';
    if (inContainer && error instanceof SteadyError && error.code === 'store.unreachable') return false;
    throw error;
  };
