import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { RestorePlace } from '../port.js';
import { DEFAULT_KEEP, type RedisStoreOptions } from './context.js';

const stateSchema = z.object({
  version: z.literal(1),
  /** How far the restore by replication has come. */
  phase: z.enum(['loaded', 'safe', 'switched', 'undone']),
  databases: z.number(),
  modules: z.array(z.string()),
  gapSeconds: z.number().default(0),
});
export type ReplicaState = z.infer<typeof stateSchema>;

/** Folder on the worker for a restore by replication: the RDB to load, and the one taken of the live data before. */
export interface KeptFolder {
  readonly folder: string;
  readonly restored: string;
  readonly safety: string;
  state(): Promise<ReplicaState | undefined>;
  write(state: ReplicaState): Promise<void>;
  make(): Promise<void>;
  remove(): Promise<void>;
}

export function keptFolder(options: RedisStoreOptions, place: RestorePlace): KeptFolder {
  const folder = join(options.keep ?? DEFAULT_KEEP, `${options.name}-${place.token}`);
  const file = join(folder, 'state.json');
  return {
    folder,
    restored: join(folder, 'restored.rdb'),
    safety: join(folder, 'safety.rdb'),
    async state() {
      const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return undefined;
        throw error;
      });
      return text === undefined ? undefined : stateSchema.parse(JSON.parse(text));
    },
    async write(state) {
      await writeFile(`${file}.new`, `${JSON.stringify(state)}\n`, { mode: 0o600, flush: true });
      await rename(`${file}.new`, file);
    },
    async make() {
      await mkdir(folder, { recursive: true, mode: 0o700 });
    },
    async remove() {
      await rm(folder, { recursive: true, force: true });
    },
  };
}
