import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { timeId } from '../../../src/contracts/ids.js';
import type { MinioServer } from '../../services/minio.js';
import { STALL_LIMIT_SECONDS } from '../rig/cut-proxy.js';
import { createCrashStack, fillUploads, type CrashStack } from '../rig/stack.js';
import type { CommandDocument } from '../rig/steady.js';
import { treeDigest } from '../rig/tree-digest.js';
import { waitFor } from '../rig/wait-for.js';
import { expectWhole } from '../rig/whole.js';
import { startCaches } from './caches.js';
import type { Point } from './points.js';
import type { Place } from './runs.js';

/** A stack whose worker can be killed at any point, used by one case after another. */
export interface Lane {
  readonly stack: CrashStack;
  readonly place: Place;
  readonly stores: readonly string[];
  /** Runs a command that must end well; gives its document. */
  cli(...args: string[]): Promise<CommandDocument>;
  /** The fault of each of these happens, once. */
  arm(these: readonly Point[]): void;
  /** Whose fault has not happened yet. */
  armed(): Point[];
  /** What is live, as one text: equal only when all data are. */
  contents(): Promise<string>;
  /** Loses and changes data in all stores. */
  spoil(): Promise<void>;
  /** Brings what is live back to how it was at first, without steadyhand. */
  heal(): Promise<void>;
  /** Ids of a store's folders in storage, and of its manifests. */
  stored(store: string): Promise<{ readonly data: string[]; readonly sealed: string[] }>;
  /** Until storage lets these backups go; at once where nothing is locked. */
  untilUnlocked(ids: readonly string[]): Promise<void>;
  /** Data in storage that belong to no backup, and an upload that nobody ends; gives the id in their keys. */
  litter(): Promise<string>;
  /** What is in storage and belongs to no backup. */
  left(): Promise<string[]>;
  /** What must hold when all runs have ended. */
  expectWhole(): Promise<void>;
  /** What killed attempts left in storage goes with a sweep, and nothing else. */
  expectSwept(): Promise<void>;
  close(): Promise<void>;
}

export interface LaneOptions {
  readonly place: Place;
  /** Where backups lie in a bucket; one with Object Lock for those that are locked. */
  readonly minio?: MinioServer | undefined;
  /** More of `limits`. */
  readonly limits?: string;
  /** Nights that have passed; default as many as the plan keeps: each further backup lets one go. */
  readonly nights?: number;
}

const WEEKS_AGO = new Date(Date.now() - 21 * 86_400_000);

/** Holds of replaced data, so that an undo is in time; one scenario shortens it. */
export const HOLD = 'hold: 1h';

/** Longer than what is killed takes to be tried again: a lock begins when a step is first asked for. */
const LOCK = { mode: 'compliance', for: 60 } as const;

/** What is locked for longer was kept by somebody. Milliseconds. */
const KEPT_LONGER = 3_600_000;

export async function createLane({ place, minio, limits = '', nights = 2 }: LaneOptions): Promise<Lane> {
  const caches = place === 'locked' ? await startCaches() : undefined;
  const stack = await createCrashStack({
    stores: ['small'],
    uploads: true,
    up: false,
    healthWithin: '10s',
    ...(minio !== undefined && { minio }),
    ...(caches && { lock: LOCK, encrypted: true, others: caches.stores, env: caches.env }),
    more: `checks: { answers: { sql: { store: small, query: "SELECT count(*) > 0 FROM customers", expect: t } } }\nlimits: { ${HOLD}, litter: 1s, stall: ${STALL_LIMIT_SECONDS}s${limits} }\n`,
    preload: fileURLToPath(new URL('failpoints.mjs', import.meta.url)),
  });
  const stores = ['small', 'uploads', ...Object.keys(caches?.stores ?? {})];
  const points = join(stack.folder, 'points');
  const database = stack.database('small');
  const uploads = join(stack.folder, 'uploads');
  const { port } = stack.stored;
  const cli: Lane['cli'] = async (...args) => {
    const { code, json } = await stack.steady.cli(...args);
    expect([args.join(' '), code, json.error]).toEqual([args.join(' '), 0, undefined]);
    return json;
  };
  const dataOf = (store: string): Promise<string[]> => stack.stored.names(`data/${store}`);
  const sealedOf = async (store: string): Promise<string[]> =>
    (await stack.stored.names(`manifests/${store}`)).map((name) => name.replace('.json', ''));

  const lane: Lane = {
    ...{ stack, place, stores, cli },
    arm(these) {
      for (const point of these) writeFileSync(join(points, `${point.activity}.json`), JSON.stringify(point));
    },
    armed: () => names(points).map((name) => JSON.parse(readFileSync(join(points, name), 'utf8')) as Point),
    contents: async () =>
      `${await stack.databases.digest(database)} ${treeDigest(uploads)} ${caches?.contents() ?? ''}`,
    async spoil() {
      const sql = `DELETE FROM orders WHERE id % 3 = 0; DELETE FROM events WHERE id % 2 = 0; SELECT setval('invoices', 1)`;
      await stack.databases.sql(database, sql);
      rmSync(join(uploads, 'at-1'), { recursive: true, force: true });
      writeFileSync(join(uploads, 'at-0', '4.txt'), 'changed');
      caches?.spoil();
    },
    async heal() {
      await stack.databases.sql('postgres', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await stack.databases.copy('seed_small', database);
      fillUploads(uploads);
      caches?.heal();
    },
    stored: async (store) => ({ data: await dataOf(store), sealed: await sealedOf(store) }),
    async untilUnlocked(ids) {
      const { lock } = port;
      if (lock === undefined) return;
      const ends = [0];
      for await (const { key } of port.list('')) {
        if (ids.some((id) => key.includes(id))) ends.push((await lock.until(key))?.getTime() ?? 0);
      }
      const end = Math.max(...ends.filter((one) => one < Date.now() + KEPT_LONGER));
      await waitFor('the locks to end', () => Date.now() > end, { seconds: 2 * LOCK.for });
    },
    async litter() {
      const id = timeId(WEEKS_AGO, randomBytes(5));
      const key = `data/small/${id}/data.zst.000`;
      await port.create(key, Buffer.from('left by a killed attempt'));
      const file = join(stack.storage, key);
      if (existsSync(file)) utimesSync(file, WEEKS_AGO, WEEKS_AGO);
      await stack.stored.leaveUpload(`data/small/${id}/data.zst.001`);
      return id;
    },
    async left() {
      const left = (await stack.stored.unfinished()).map((one) => `unfinished ${one}`);
      for (const store of stores) {
        const sealed = await sealedOf(store);
        left.push(...(await dataOf(store)).filter((id) => !sealed.includes(id)));
      }
      return left;
    },
    async expectWhole() {
      await expectWhole(stack, stores);
      caches?.expectNothingLeft();
    },
    async expectSwept() {
      const failed: unknown[] = [];
      // What was written a moment ago has to grow old first, by storage's own clock.
      const left = await waitFor('what killed attempts left is swept', async () => {
        await cli('backup', 'sweep').catch((error: unknown) => failed.push(error));
        return (await lane.left()).length === 0;
      }).then(
        () => [],
        () => lane.left(),
      );
      expect([failed, left]).toEqual([[], []]);
      for (const store of stores) expect(await dataOf(store)).toEqual(await sealedOf(store));
    },
    async close() {
      await caches?.stop();
      await stack.close();
    },
  };
  try {
    await stack.steady.start();
    await stack.app.start();
    for (let night = 0; night < nights; night++) await cli('backup', 'run', '--plan', 'nightly');
    return lane;
  } catch (error) {
    await lane.close();
    throw error;
  }
}

const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);
