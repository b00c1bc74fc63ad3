import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHostRuntime } from '../../../../src/adapters/runtimes/host/host.js';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import type { RestorePlace, StorePort } from '../../../../src/adapters/stores/port.js';
import { createFilesStore } from '../../../../src/adapters/stores/files/index.js';
import { volumeStoreSchema } from '../../../../src/contracts/stack/stores.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import { rawBackup, testCall, type RawBackup } from './raw-backup.js';
import { allocated, listTree, makeTree } from './sample-tree.js';

const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };
let folder: string;
let live: string;
let backup: RawBackup;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steady-files-'));
  live = join(folder, 'data');
  backup = rawBackup();
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
  backup.remove();
});

function make(exclude: string[] = [], baseFolder = folder): StorePort {
  return createFilesStore({
    name: 'uploads',
    config: volumeStoreSchema.parse({ path: live, exclude }),
    runtime: createHostRuntime({ baseFolder }),
  });
}

/** A volume for the adapter: its tools see the folder as /volume, in a mount namespace as a container would. */
function makeVolume(): StorePort {
  const host = createHostRuntime({ baseFolder: folder });
  const script = 'mkdir -p /volume && mount --bind "$0" /volume && exec "$@"';
  const placeOnVolume: RuntimePort['placeOnVolume'] = (tool, { marker }) => {
    const argv = ['unshare', '--mount', 'sh', '-c', script, live, ...tool.argv] as const;
    return { ...host.place({ ...tool, argv }, { marker }), cwd: '/' };
  };
  const config = volumeStoreSchema.parse({ volume: 'app_uploads' });
  return createFilesStore({ name: 'uploads', config, runtime: { ...host, placeOnVolume } });
}

async function backUp(store: StorePort): Promise<Manifest> {
  return backup.manifest('files', await store.dump(testCall(), backup.writer));
}

describe('files store', () => {
  it('dates its data by the clock of the run, not by that of the worker', async () => {
    makeTree(live);
    const now = new Date('2026-11-22T03:00:00.000Z');
    const { takenAt } = await make().dump({ ...testCall(), now: () => now }, backup.writer);
    expect(takenAt).toBe(now.toISOString());
  });

  it('keeps owners, modes, times, attributes, ACLs, holes, links and odd names through a restore beside', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = make();
    const manifest = await backUp(store);
    const regular = before.filter(
      ([name, mode, , , , , , first]) => (Number(mode) & 0o170000) === 0o100000 && first === name,
    );
    expect(manifest.facts.counts).toEqual({
      files: regular.length,
      folders: before.filter(([, mode]) => mode.startsWith('0o4')).length,
      symlinks: 4,
      'hard links': 2,
      'special files': 1,
      bytes: regular.reduce((sum, [, , , , , size]) => sum + size, 0),
    });
    expect(await store.readable(testCall(), backup.reader(manifest))).toContain(
      'tar read the archive to its end',
    );

    rmSync(join(live, 'plain.txt'));
    writeFileSync(join(live, 'poison'), 'x');
    const preview = await store.preview(testCall(), manifest, PLACE);
    expect(preview.keptAs).toBe(`${live}.steady-old-20261122-k7q2m9xd`);
    for (let i = 0; i < 2; i++) await store.load(testCall(), backup.reader(manifest), PLACE);
    expect(existsSync(join(live, 'poison'))).toBe(true);
    for (let i = 0; i < 2; i++) {
      expect(await store.compare(testCall(), manifest, PLACE)).toContain(
        'digest of names, owners, modes, times and content equal',
      );
    }
    const cut = await store.cutover(testCall(), PLACE);
    expect(cut.gapSeconds).toBeLessThan(5);
    expect(listTree(live)).toEqual(before);
    expect(allocated(join(live, 'sparse'))).toBeLessThan(2 ** 20);
    expect(await store.cutover(testCall(), PLACE)).toEqual({
      gapSeconds: cut.gapSeconds,
      notes: ['switched already'],
    });

    writeFileSync(join(live, 'later'), 'y');
    expect((await store.undo(testCall(), PLACE))[0]).toMatch(
      /^switched back; writes since the cut-over are kept in/,
    );
    expect(existsSync(join(live, 'poison'))).toBe(true);
    expect(existsSync(join(live, 'plain.txt'))).toBe(false);
    expect((await store.undo(testCall(), PLACE))[0]).toMatch(/^switched back already/);
    expect(readFileSync(join(`${live}.steady-undone-20261122-k7q2m9xd`, 'later'), 'utf8')).toBe('y');
    expect((await store.release(testCall(), PLACE))[0]).toMatch(/^removed/);
    expect((await store.release(testCall(), PLACE))[0]).toMatch(/^nothing to do/);
    expect(readdirSync(folder).filter((name) => name.includes('steady'))).toEqual([]);
  });

  it('swaps the entries of a volume, whose own folder cannot be renamed', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = makeVolume();
    const manifest = await backUp(store);
    rmSync(join(live, 'plain.txt'));
    writeFileSync(join(live, 'poison'), 'x');
    const preview = await store.preview(testCall(), manifest, PLACE);
    expect(preview.notes).toEqual([
      'volume app_uploads is mounted and cannot be renamed: its entries are swapped',
    ]);
    for (let i = 0; i < 2; i++) await store.load(testCall(), backup.reader(manifest), PLACE);
    await store.compare(testCall(), manifest, PLACE);
    const inode = statSync(live).ino;
    await store.cutover(testCall(), PLACE);
    expect((await store.cutover(testCall(), PLACE)).notes).toEqual(['switched already']);
    expect(statSync(live).ino).toBe(inode);
    expect(listTree(live)).toEqual(before);
    // What is kept is no part of the data: the next backup is the same.
    expect((await store.dump(testCall(), rawBackupFor()).then((dump) => dump.facts)).digests).toEqual(
      manifest.facts.digests,
    );
    for (let i = 0; i < 2; i++) await store.undo(testCall(), PLACE);
    expect(existsSync(join(live, 'poison'))).toBe(true);
    expect(existsSync(join(live, 'plain.txt'))).toBe(false);
    await store.release(testCall(), PLACE);
    expect(readdirSync(live).filter((name) => name.includes('.steady'))).toEqual([]);
  });

  it('switches and undoes also where the folder of the stack file is the one that is swapped', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = make([], live);
    const manifest = await backUp(store);
    writeFileSync(join(live, 'poison'), 'x');
    await store.load(testCall(), backup.reader(manifest), PLACE);
    await store.compare(testCall(), manifest, PLACE);
    // The moment in which no folder has the name.
    renameSync(live, `${live}.steady-old-20261122-k7q2m9xd`);
    await store.cutover(testCall(), PLACE);
    expect(listTree(live)).toEqual(before);
    renameSync(live, `${live}.steady-undone-20261122-k7q2m9xd`);
    await store.undo(testCall(), PLACE);
    expect(existsSync(join(live, 'poison'))).toBe(true);
  });

  it('takes up a cut-over that died between the two renames, and undoes it too', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = make();
    const manifest = await backUp(store);
    writeFileSync(join(live, 'poison'), 'x');
    const kept = `${live}.steady-old-20261122-k7q2m9xd`;
    await store.load(testCall(), backup.reader(manifest), PLACE);
    renameSync(live, kept);
    expect(await store.undo(testCall(), PLACE)).toEqual([
      'the live data are back in place; the cut-over had not ended',
    ]);
    expect(existsSync(join(live, 'poison'))).toBe(true);
    expect(readdirSync(folder)).toEqual(['data']);

    await store.load(testCall(), backup.reader(manifest), PLACE);
    renameSync(live, kept);
    await store.cutover(testCall(), PLACE);
    expect(listTree(live)).toEqual(before);
    expect(existsSync(join(kept, 'poison'))).toBe(true);
  });

  it('takes up and undoes a swap of entries that died half-way', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = makeVolume();
    const manifest = await backUp(store);
    writeFileSync(join(live, 'poison'), 'x');
    const work = join(live, '.steady-work-k7q2m9xd');
    await store.load(testCall(), backup.reader(manifest), PLACE);
    mkdirSync(join(work, 'old'));
    renameSync(join(live, 'poison'), join(work, 'old', 'poison'));
    renameSync(join(live, 'big'), join(work, 'old', 'big'));
    expect(await store.undo(testCall(), PLACE)).toEqual([
      'the live data are back in place; the cut-over had begun to move them',
    ]);
    rmSync(join(live, 'poison'));
    expect(listTree(live)).toEqual(before);

    writeFileSync(join(live, 'poison'), 'x');
    await store.load(testCall(), backup.reader(manifest), PLACE);
    mkdirSync(join(work, 'old'));
    renameSync(join(live, 'big'), join(work, 'old', 'big'));
    await store.cutover(testCall(), PLACE);
    expect(listTree(live)).toEqual(before);
    await store.undo(testCall(), PLACE);
    rmSync(join(live, 'poison'));
    expect(listTree(live)).toEqual(before);
  });

  it('restores into a new folder and refuses one that is not empty', async () => {
    makeTree(live);
    const store = make();
    const manifest = await backUp(store);
    const into: RestorePlace = { ...PLACE, mode: 'into', into: join(folder, 'elsewhere') };
    await store.preview(testCall(), manifest, into);
    for (let i = 0; i < 2; i++) await store.load(testCall(), backup.reader(manifest), into);
    for (let i = 0; i < 2; i++) await store.compare(testCall(), manifest, into);
    expect((await store.cutover(testCall(), into)).notes).toEqual([
      'nothing to do: there is nothing to switch',
    ]);
    expect(listTree(join(folder, 'elsewhere'))).toEqual(listTree(live));
    expect(readdirSync(join(folder, 'elsewhere')).filter((name) => name.startsWith('.steady'))).toEqual([]);
    await expect(store.preview(testCall(), manifest, into)).rejects.toMatchObject({
      code: 'store.not-empty',
    });
    await expect(store.load(testCall(), backup.reader(manifest), into)).rejects.toMatchObject({
      code: 'store.not-empty',
    });
    await expect(store.preview(testCall(), manifest, { ...into, into: 'relative' })).rejects.toMatchObject({
      code: 'usage.invalid',
    });
  });

  it('undoes an unfinished restore into a folder', async () => {
    makeTree(live);
    const store = make();
    const manifest = await backUp(store);
    const into: RestorePlace = { ...PLACE, mode: 'into', into: join(folder, 'elsewhere') };
    await store.load(testCall(), backup.reader(manifest), into);
    expect(await store.undo(testCall(), into)).toEqual([`emptied ${join(folder, 'elsewhere')}`]);
    expect(readdirSync(join(folder, 'elsewhere'))).toEqual([]);
  });

  it('restores in place where there is no room for two', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = make();
    const manifest = await backUp(store);
    writeFileSync(join(live, 'poison'), 'x');
    const place: RestorePlace = { ...PLACE, mode: 'in-place' };
    for (let i = 0; i < 2; i++) await store.load(testCall(), backup.reader(manifest), place);
    await store.compare(testCall(), manifest, place);
    expect(listTree(live)).toEqual(before);
    await expect(store.undo(testCall(), place)).rejects.toMatchObject({ code: 'store.gone' });
    expect(await store.undo(testCall(), place, { begun: false })).toEqual([
      'nothing to do: the live data were not touched',
    ]);
  });

  it('restores in place where nothing was, and leaves alone what somebody has made there since', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = make();
    const manifest = await backUp(store);
    const place: RestorePlace = { ...PLACE, mode: 'in-place', absent: true };
    const load = () => store.load(testCall(), backup.reader(manifest), place);
    await expect(load()).rejects.toMatchObject({ code: 'store.not-empty' });
    await store.undo(testCall(), place);
    expect(listTree(live)).toEqual(before);
    rmSync(live, { recursive: true });
    for (let i = 0; i < 2; i++) await load();
    expect(await store.undo(testCall(), place)).toEqual([`emptied ${live}`]);
    await load();
    await store.compare(testCall(), manifest, place);
    await store.cutover(testCall(), place);
    expect(listTree(live)).toEqual(before);
    await store.undo(testCall(), place);
    expect(listTree(live)).toEqual(before);
  });

  it('proves a backup in a scratch folder', async () => {
    makeTree(live);
    const store = make();
    const manifest = await backUp(store);
    const { store: scratch, close } = await store.scratch(testCall(), manifest, join(folder, 'proof'));
    await scratch.load(testCall(), backup.reader(manifest), { ...PLACE, mode: 'into', into: 'x' });
    expect(await scratch.compare(testCall(), manifest, { ...PLACE, mode: 'into', into: 'x' })).toHaveLength(
      2,
    );
    await close();
    expect(existsSync(join(folder, 'proof', 'data'))).toBe(false);
  });

  it('names what differs after a restore', async () => {
    makeTree(live);
    const store = make();
    const manifest = await backUp(store);
    await store.load(testCall(), backup.reader(manifest), PLACE);
    const fresh = `${live}.steady-new-k7q2m9xd`;
    execFileSync('chown', ['1:1', join(fresh, 'plain.txt')]);
    await expect(store.compare(testCall(), manifest, PLACE)).rejects.toMatchObject({
      code: 'store.mismatch',
      facts: { differences: 'digest of content differs' },
    });
    rmSync(join(fresh, 'pipe'));
    await expect(store.compare(testCall(), manifest, PLACE)).rejects.toThrow(
      /special files: 1 in the backup, 0 here/,
    );
  });

  it('fails the backup when a file changes while it is read', async () => {
    mkdirSync(live);
    const file = join(live, 'log');
    execFileSync('dd', ['if=/dev/zero', `of=${file}`, 'bs=1M', 'count=64'], { stdio: 'ignore' });
    let grown = false;
    const slow = {
      ...backup.writer,
      async content(name: string, body: AsyncIterable<Buffer>) {
        async function* appending() {
          for await (const chunk of body) {
            if (!grown) writeFileSync(file, 'more', { flag: 'a' });
            grown = true;
            yield chunk;
          }
        }
        return backup.writer.content(name, appending());
      },
    };
    await expect(make().dump(testCall(), slow)).rejects.toMatchObject({
      code: 'store.changed',
      retryable: true,
    });
  });

  it('notices a cut archive and a changed byte', async () => {
    makeTree(live);
    const store = make();
    const manifest = await backUp(store);
    const archive = readFileSync(backup.path('files'));
    writeFileSync(backup.path('files'), archive.subarray(0, archive.length - 20_000));
    await expect(store.readable(testCall(), backup.reader(manifest))).rejects.toThrow();
    const flipped = Buffer.from(archive);
    const at = flipped.indexOf('hello\n');
    flipped[at] = 0x4a;
    writeFileSync(backup.path('files'), flipped);
    await expect(store.readable(testCall(), backup.reader(manifest))).rejects.toMatchObject({
      code: 'store.mismatch',
    });
  });

  it('leaves out what the patterns name, and says so the same way after a restore', async () => {
    makeTree(live);
    const store = make(['*.txt', './deep']);
    const manifest = await backUp(store);
    await store.load(testCall(), backup.reader(manifest), PLACE);
    await store.compare(testCall(), manifest, PLACE);
    const names = readdirSync(`${live}.steady-new-k7q2m9xd`);
    expect(names).not.toContain('plain.txt');
    expect(names).not.toContain('deep');
    expect(names).toContain('big');
  });

  it('says in check what is missing', async () => {
    const store = make();
    expect(await store.check(testCall())).toEqual([
      {
        what: 'reach',
        status: 'error',
        message: `${live} is no folder`,
        hint: 'Correct path or volume; the worker must see it.',
      },
    ]);
    makeTree(live);
    const lines = await store.check(testCall());
    expect(lines.map((line) => `${line.what} ${line.status}`)).toEqual([
      'reach ok',
      'tar ok',
      'owners ok',
      'room ok',
    ]);
    await expect(make().dump(testCall(), backup.writer)).resolves.toMatchObject({ method: 'tar' });
    rmSync(live, { recursive: true });
    await expect(make().dump(testCall(), backup.writer)).rejects.toMatchObject({ code: 'store.unreachable' });
  });

  it('can be restored by stock tools with the commands of its manifest', async () => {
    makeTree(live);
    const before = listTree(live);
    const store = make();
    const manifest = await backUp(store);
    rmSync(live, { recursive: true });
    const commands = store.escape(manifest, (stream) => `cat '${backup.path(stream)}'`);
    execFileSync('bash', ['-c', commands.join('\n')], { env: { ...process.env, DIR: live } });
    expect(listTree(live)).toEqual(before);
  });
});

function rawBackupFor(): RawBackup['writer'] {
  const other = rawBackup();
  const { writer } = other;
  return {
    ...writer,
    async content(name, body) {
      const stored = await writer.content(name, body);
      other.remove();
      return stored;
    },
  };
}
