import { chmod, mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { SteadyError } from '../../../contracts/failures.js';
import type { RestorePlace } from '../port.js';
import { DEFAULT_KEEP, type RedisStoreOptions } from './context.js';

const stateSchema = z.object({
  version: z.literal(1),
  /**
   * How far the restore by replication has come. From `safe` until `switched`, and while `undoing`, the server may hold
   * either data.
   */
  phase: z.enum(['loading', 'loaded', 'safe', 'switched', 'undoing', 'undone']),
  databases: z.number(),
  modules: z.array(z.string()),
  gapSeconds: z.number().default(0),
});
export type ReplicaState = z.infer<typeof stateSchema>;

/** Folder on the worker for a restore by replication, with RDBs in plain: readable by the worker's user alone. */
export interface KeptFolder {
  readonly folder: string;
  /** Facts that tell a person where to look. */
  readonly where: { readonly folder: string; readonly worker: string };
  /** What is to be live. */
  readonly restored: string;
  /** What was live before the cut-over. */
  readonly safety: string;
  /** What was live before the undo. */
  readonly undone: string;
  state(): Promise<ReplicaState | undefined>;
  write(state: ReplicaState): Promise<void>;
  /** Makes it fresh: what an earlier attempt left in it goes. */
  make(): Promise<void>;
  /** Gives a file of this folder its name, once it is on disk. */
  settle(from: string, to: string): Promise<void>;
  remove(...files: string[]): Promise<void>;
}

export function keptFolder(options: RedisStoreOptions, place: RestorePlace): KeptFolder {
  const base = options.keep ?? DEFAULT_KEEP;
  const folder = join(base, `${options.name}-${place.token}`);
  const file = join(folder, 'state.json');
  const removeAll = (path: string): Promise<void> => rm(path, { recursive: true, force: true });
  return {
    folder,
    where: { folder, worker: hostname() },
    restored: join(folder, 'restored.rdb'),
    safety: join(folder, 'safety.rdb'),
    undone: join(folder, 'undone.rdb'),
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
      try {
        await mkdir(base, { recursive: true, mode: 0o700 });
        // Made before, by whoever it was, it may let others in.
        await chmod(base, 0o700);
        await removeAll(folder);
        await mkdir(folder, { mode: 0o700 });
      } catch (error) {
        if (!['EACCES', 'EPERM'].includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
        const says = 'the folder belongs to another user than the worker’s';
        throw new SteadyError('store.blocked', { folder: base, worker: hostname(), says }, { cause: error });
      }
    },
    async settle(from, to) {
      const handle = await open(from, 'r+');
      await handle.sync().finally(() => handle.close());
      await rename(from, to);
    },
    async remove(...files) {
      for (const path of files.length === 0 ? [folder] : files) await removeAll(path);
    },
  };
}
