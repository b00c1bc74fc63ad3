import type { StoreCall } from '../port.js';
import { compareHere, compareLoaded, type CompareLoaded } from './compare-loaded.js';
import { composeService, type RedisStoreOptions } from './context.js';

/**
 * Compares an RDB that lies in the live data folder with the backup's facts, where that folder is: on this host, or in
 * a throwaway container of the service's image with its volumes.
 */
export async function compareBeside(
  options: RedisStoreOptions,
  call: StoreCall,
  loaded: Pick<CompareLoaded, 'rdb' | 'state'>,
): Promise<string[]> {
  const { service, runtime, config } = options;
  const { signal, marker } = call;
  if (service === undefined || runtime.kind !== 'compose') {
    return compareHere(options, call, loaded);
  }
  const of = { service: composeService(service), volumes: true };
  const container = await runtime.openThrowaway({ of, marker, signal });
  try {
    return await compareLoaded({
      ...{ ...loaded, signal, bin: config.bin, socket: '/tmp/s' },
      place: (tool) => container.place(tool),
      serve: (tool) => container.place(tool, { server: true }),
    });
  } finally {
    await container.close();
  }
}
