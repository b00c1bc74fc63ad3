import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHostRuntime } from '../../../../src/adapters/runtimes/host/host.js';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import type { RestorePlace, StorePort } from '../../../../src/adapters/stores/port.js';
import { createFilesStore } from '../../../../src/adapters/stores/files/index.js';
import { volumeStoreSchema } from '../../../../src/contracts/stack/stores.js';
import { onTmpfs } from '../../../services/on-tmpfs.js';
import { rawBackup, testCall, type RawBackup } from './raw-backup.js';

const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };
let folder: string;
let live: string;
let backup: RawBackup;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steady-files-'));
  live = join(folder, 'data');
  mkdirSync(live);
  backup = rawBackup();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  backup.remove();
});

/** What is unpacked lands on a disk of one megabyte. */
function make(): StorePort {
  const host = createHostRuntime({ baseFolder: folder });
  const place: RuntimePort['place'] = (tool, where) => {
    if (!tool.argv.includes('--extract')) return host.place(tool, where);
    const [program = '', ...args] = onTmpfs(tool.argv, `${live}.steady-new-${PLACE.token}`, 2 ** 20);
    return host.place({ ...tool, argv: [program, ...args] }, where);
  };
  const config = volumeStoreSchema.parse({ path: live });
  return createFilesStore({ name: 'uploads', config, runtime: { ...host, place } });
}

describe('a disk that fills up while files are unpacked', () => {
  it.each([
    ['one large file', ['a'], 3_000_001],
    ['one of many files', Array.from({ length: 40 }, (_, at) => `f${at}`), 100_003],
  ])('is told as such, at %s, and not tried again', async (_, names, bytes) => {
    const store = make();
    for (const name of names) writeFileSync(join(live, name), Buffer.alloc(bytes, name));
    const manifest = backup.manifest('files', await store.dump(testCall(), backup.writer));
    await expect(store.load(testCall(), backup.reader(manifest), PLACE)).rejects.toMatchObject({
      code: 'store.no-room',
      retryable: false,
    });
    await store.undo(testCall(), PLACE);
    expect(readdirSync(folder)).toEqual(['data']);
    expect(readdirSync(live).sort()).toEqual([...names].sort());
  });
});
