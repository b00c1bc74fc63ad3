import type { CalendarPort } from '../adapters/calendars/port.js';
import type { RuntimePort } from '../adapters/runtimes/port.js';
import type { RouterPort } from '../adapters/routers/port.js';
import type { SecretsPort } from '../adapters/secrets/port.js';
import type { StoragePort } from '../adapters/storage/port.js';
import type { StorePort } from '../adapters/stores/port.js';
import type { ProbesPort } from '../adapters/probes/port.js';
import type { NotifierPort } from '../adapters/notifiers/port.js';
import type { StackSnapshot } from '../contracts/runs/snapshot.js';

/**
 * Whose account a store is used with. `reader`: the one that may only read, where the stack names one. `nobody`: no
 * secret is asked for; for proofs, which load into a server of their own.
 */
export type StoreAccount = 'owner' | 'reader' | 'nobody';

/** What activities are given by the worker that boots them; only the worker knows vendors. */
export interface Ports {
  readonly storage: (snapshot: StackSnapshot) => Promise<StoragePort>;
  /** Left out: as its owner. */
  readonly store: (snapshot: StackSnapshot, name: string, as?: StoreAccount) => Promise<StorePort>;
  readonly runtime: (snapshot: StackSnapshot) => RuntimePort;
  readonly router: (snapshot: StackSnapshot, name: string) => RouterPort;
  readonly probes: (snapshot: StackSnapshot) => ProbesPort;
  readonly notifier: (snapshot: StackSnapshot, channel: string) => Promise<NotifierPort>;
  readonly calendars: (snapshot: StackSnapshot) => readonly CalendarPort[];
  readonly secrets: (snapshot: StackSnapshot) => SecretsPort;
  /** Ends processes on this host that an earlier attempt left, by the beginning of their marker. */
  readonly reap: (markerPrefix: string) => Promise<number>;
  /** A folder on this worker for throwaway servers and scratch files. */
  readonly scratch: string;
}
