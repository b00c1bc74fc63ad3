import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import type { RestorePlace, StoreCall, StorePort } from '../../../../src/adapters/stores/port.js';
import type { StoreOptions } from '../../../../src/adapters/stores/postgres/access.js';
import { createPostgresStore } from '../../../../src/adapters/stores/postgres/create-postgres-store.js';
import type { Tool } from '../../../../src/pipelines/tool.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { postgresStoreSchema } from '../../../../src/contracts/stack/stores.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import type { PostgresService } from '../../../services/postgres.js';
import { manifestOf, rawReader, rawWriter } from './raw-streams.js';

/** Tools run on this host; nothing else of a runtime is asked for by this adapter. */
export const hostRuntime = {
  kind: 'host',
  place: (tool: Tool, { marker }: { marker: string }) => ({
    ...tool,
    label: tool.argv[0].split('/').at(-1) ?? '',
    env: { ...tool.env, STEADY_MARKER: marker },
  }),
  endMarked: () => Promise.resolve(),
} as unknown as RuntimePort;

export interface StoreGiven extends Partial<Omit<StoreOptions, 'config'>> {
  readonly config?: Record<string, unknown>;
}

export function storeOn(pg: PostgresService, database: string, given: StoreGiven = {}): StorePort {
  const config = postgresStoreSchema.parse({
    host: pg.host,
    port: pg.port,
    database,
    user: pg.user,
    bin: pg.bin,
    lockTimeout: '5s',
    ...given.config,
  });
  const password = given.password ?? new Secret(pg.password);
  const runtime = given.runtime ?? hostRuntime;
  return createPostgresStore({ name: 'db', runtime, tuning: given.tuning, password, config });
}

/** Of this file's calls alone: what one ends by it must not be another's. */
export const MARKER = `steady:test:${process.pid}:`;
let calls = 0;

export function call(given: Partial<StoreCall> = {}): StoreCall & { readonly said: string[] } {
  const said: string[] = [];
  const markerPrefix = MARKER;
  return {
    signal: new AbortController().signal,
    markerPrefix,
    marker: `${markerPrefix}${++calls}`,
    say: (line) => void said.push(line),
    said,
    ...given,
  };
}

export const beside = (token: string): RestorePlace => ({
  mode: 'beside',
  token,
  at: '2026-11-22T02:00:00Z',
});
export const into = (name: string, token = 'k7q2m9xd'): RestorePlace => ({
  mode: 'into',
  token,
  at: '2026-11-22T02:00:00Z',
  into: name,
});

/** A folder that goes with the test, for backups. */
export function backupFolder(): { readonly path: string; fresh(): string; remove(): void } {
  const path = mkdtempSync(join(tmpdir(), 'steady-pg-backup-'));
  let count = 0;
  return {
    path,
    fresh: () => {
      const folder = join(path, String(++count));
      mkdirSync(folder);
      return folder;
    },
    remove: () => rmSync(path, { recursive: true, force: true }),
  };
}

export interface Taken {
  readonly manifest: Manifest;
  readonly folder: string;
}

export async function takeBackup(
  store: StorePort,
  folder: string,
  given: Partial<StoreCall> = {},
): Promise<Taken> {
  const theCall = call(given);
  return { folder, manifest: manifestOf(await store.dump(theCall, rawWriter(folder, theCall.signal))) };
}

export const readerOf = (taken: Taken, signal?: AbortSignal) =>
  rawReader(taken.folder, taken.manifest, signal);

export async function restore(store: StorePort, taken: Taken, place: RestorePlace): Promise<string[]> {
  await store.load(call(), readerOf(taken), place);
  return store.compare(call(), taken.manifest, place);
}
