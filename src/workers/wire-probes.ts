import { randomBytes } from 'node:crypto';
import type { ProbesPort } from '../adapters/probes/port.js';
import { createProbes } from '../adapters/probes/probes.js';
import { serviceHandle } from '../activities/service-handle.js';
import { SteadyError } from '../contracts/failures.js';
import { createStore, type StoreWiring } from './wire-stores.js';

/** Checks, with stores to ask: a question to a store goes the way its backups go. */
export function wireProbes(wiring: Omit<StoreWiring, 'name'>): ProbesPort {
  const ask = async (name: string, question: readonly string[], signal?: AbortSignal): Promise<string> => {
    const store = await createStore({ ...wiring, name });
    if (store.ask === undefined)
      throw new SteadyError('config.invalid', {
        store: name,
        error: `a ${store.kind} store answers no questions`,
      });
    const markerPrefix = `steady-ask-${randomBytes(6).toString('hex')}-`;
    const call = {
      signal: signal ?? new AbortController().signal,
      markerPrefix,
      marker: `${markerPrefix}1`,
      say: () => undefined,
    };
    return await store.ask(call, question);
  };
  return createProbes({
    secrets: wiring.secrets,
    runtime: wiring.runtime,
    baseFolder: wiring.snapshot.folder,
    service: (name) => serviceHandle(wiring.snapshot, name),
    sql: (store, query, signal) => ask(store, [query], signal),
    redis: (store, command, signal) => ask(store, command, signal),
  });
}
