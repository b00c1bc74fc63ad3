import type { StoreCall, StorePort } from './port.js';

/**
 * A store whose phases first end what an earlier attempt of the same activity left running: its tools go on inside
 * containers when the worker that started them has died. Looking and asking go ahead without.
 *
 * @param end ends everything whose marker begins with the call's prefix
 */
export function afterLeftovers(store: StorePort, end: (call: StoreCall) => Promise<void>): StorePort {
  const first =
    <Rest extends unknown[], T>(phase: (call: StoreCall, ...rest: Rest) => Promise<T>) =>
    async (call: StoreCall, ...rest: Rest): Promise<T> => {
      await end(call);
      return phase(call, ...rest);
    };
  return {
    ...store,
    dump: first(store.dump),
    importDump: first(store.importDump),
    readable: first(store.readable),
    load: first(store.load),
    compare: first(store.compare),
    cutover: first(store.cutover),
    undo: first(store.undo),
    release: first(store.release),
  };
}
