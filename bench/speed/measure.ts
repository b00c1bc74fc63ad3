import { cpuOf, cpuOfChildren, watchMemory } from '../lib/processes.js';
import type { Contestant } from './contestant.js';
import type { Place } from './place.js';

/** One thing that somebody did. */
export interface Measured {
  /** Seconds from the command to its end. */
  readonly wall: number;
  /** User and system seconds of all processes: tools, database server, storage, and what else the way needs. */
  readonly cpu: number;
  /** Of these, without the database server and the storage. */
  readonly cpuTools: number;
  /** Peak resident bytes of the tools together. */
  readonly peak: number;
}

/** Measures one action; what was written before it is on disk when it begins. */
export async function measure(
  place: Place,
  contestant: Contestant,
  action: () => Promise<void>,
): Promise<Measured> {
  place.postgres.sql('postgres', 'checkpoint');
  const servers = [await place.postmaster(), place.minio.pid()];
  const used = () => ({
    all: cpuOfChildren(),
    servers: servers.reduce((sum, pid) => sum + cpuOf(pid), 0),
  });
  const before = used();
  const stop = watchMemory(() => contestant.memory());
  const begun = performance.now();
  try {
    await action();
    const wall = (performance.now() - begun) / 1000;
    const after = used();
    const cpu = after.all - before.all;
    return { wall, cpu, cpuTools: cpu - (after.servers - before.servers), peak: stop() };
  } finally {
    stop();
  }
}
