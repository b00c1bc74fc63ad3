import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { timeId } from '../../../src/contracts/ids.js';
import { createCrashStack, fillUploads, type CrashStack } from '../rig/stack.js';
import type { CommandDocument } from '../rig/steady.js';
import { expectWhole } from '../rig/whole.js';
import type { Point } from './points.js';

/** A stack whose worker can be killed at any point, used by one case after another. */
export interface Lane {
  readonly stack: CrashStack;
  /** Runs a command that must end well; gives its document. */
  cli(...args: string[]): Promise<CommandDocument>;
  /** The worker dies at each of these, once. */
  arm(these: readonly Point[]): void;
  /** Where it has not died yet. */
  armed(): Point[];
  /** What is live, as one text: equal only when all data are. */
  contents(): Promise<string>;
  /** Loses and changes data in both stores. */
  spoil(): Promise<void>;
  /** Brings what is live back to how it was at first, without steadyhand. */
  heal(): Promise<void>;
  /** Ids of a store's folders in storage, and of its manifests. */
  stored(store: string): { readonly data: string[]; readonly sealed: string[] };
  /** A folder in storage that belongs to no backup, as old as a sweep wants it. */
  litter(): string;
  /** What must hold when all runs have ended. */
  expectWhole(): Promise<void>;
  /** What killed attempts left in storage goes with a sweep, and nothing else. */
  expectSwept(): Promise<void>;
  close(): Promise<void>;
}

const WEEKS_AGO = new Date(Date.now() - 21 * 86_400_000);

/** Holds of replaced data, so that an undo is in time; one scenario shortens it. */
export const HOLD = 'hold: 1h';

export async function createLane(): Promise<Lane> {
  const stack = await createCrashStack({
    stores: ['small'],
    uploads: true,
    up: false,
    healthWithin: '10s',
    more: `checks: { answers: { sql: { store: small, query: "SELECT count(*) > 0 FROM customers", expect: t } } }\nlimits: { ${HOLD}, litter: 1s }\n`,
    preload: fileURLToPath(new URL('failpoints.mjs', import.meta.url)),
  });
  const points = join(stack.folder, 'points');
  const database = stack.database('small');
  const uploads = join(stack.folder, 'uploads');
  const cli: Lane['cli'] = async (...args) => {
    const { code, json } = await stack.steady.cli(...args);
    expect([args.join(' '), code, json.error]).toEqual([args.join(' '), 0, undefined]);
    return json;
  };
  const dataOf = (store: string): string[] => names(join(stack.storage, 'data', store));
  const sealedOf = (store: string): string[] =>
    names(join(stack.storage, 'manifests', store)).map((name) => name.replace('.json', ''));

  const lane: Lane = {
    stack,
    cli,
    arm(these) {
      for (const point of these) writeFileSync(join(points, `${point.activity}.json`), JSON.stringify(point));
    },
    armed: () => names(points).map((name) => JSON.parse(readFileSync(join(points, name), 'utf8')) as Point),
    contents: async () => `${await stack.databases.digest(database)} ${treeDigest(uploads)}`,
    async spoil() {
      const sql = `DELETE FROM orders WHERE id % 3 = 0; DELETE FROM events WHERE id % 2 = 0; SELECT setval('invoices', 1)`;
      await stack.databases.sql(database, sql);
      rmSync(join(uploads, 'at-1'), { recursive: true, force: true });
      writeFileSync(join(uploads, 'at-0', '4.txt'), 'changed');
    },
    async heal() {
      await stack.databases.sql('postgres', `DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      await stack.databases.copy('seed_small', database);
      fillUploads(uploads);
    },
    stored: (store) => ({ data: dataOf(store), sealed: sealedOf(store) }),
    litter() {
      const id = timeId(WEEKS_AGO, Uint8Array.from([1, 2, 3, 4, names(join(stack.storage, 'data')).length]));
      const folder = join(stack.storage, 'data', 'small', id);
      mkdirSync(folder, { recursive: true });
      const file = join(folder, 'data.zst.000');
      writeFileSync(file, 'left by a killed attempt');
      utimesSync(file, WEEKS_AGO, WEEKS_AGO);
      return folder;
    },
    expectWhole: () => expectWhole(stack, ['small', 'uploads']),
    async expectSwept() {
      await cli('backup', 'sweep');
      for (const store of ['small', 'uploads']) expect(dataOf(store)).toEqual(sealedOf(store));
    },
    close: () => stack.close(),
  };
  try {
    await stack.steady.start();
    await stack.app.start();
    // As many as the plan keeps: each further backup lets one go.
    for (let night = 0; night < 2; night++) await cli('backup', 'run', '--plan', 'nightly');
    return lane;
  } catch (error) {
    await lane.close();
    throw error;
  }
}

const names = (folder: string): string[] => (existsSync(folder) ? readdirSync(folder).sort() : []);

function treeDigest(folder: string): string {
  const hash = createHash('sha256');
  for (const entry of readdirSync(folder, { recursive: true, withFileTypes: true }).sort((a, b) =>
    join(a.parentPath, a.name) < join(b.parentPath, b.name) ? -1 : 1,
  )) {
    const path = join(entry.parentPath, entry.name);
    hash.update(path.slice(folder.length));
    if (entry.isFile()) hash.update(readFileSync(path));
  }
  return hash.digest('hex');
}
