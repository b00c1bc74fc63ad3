import { mkdirSync, mkdtempSync, rmdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  note,
  readNote,
  takeStateFolder,
  unnote,
  type StateFolder,
} from '../../../src/cli/embedded/state-folder.js';

let path: string;
let folder: StateFolder;
let warned: string[];
beforeEach(async () => {
  path = mkdtempSync(join(tmpdir(), 'steady-state-'));
  warned = [];
  folder = await takeStateFolder(path, (words) => warned.push(words));
});
afterEach(async () => {
  await folder.release();
  rmSync(path, { recursive: true, force: true });
});

describe('a note in the state folder', () => {
  it('is there as it was given, until it is removed', async () => {
    await note(folder, 'up.json', { pid: 7 });
    expect([await readNote(path, 'up.json'), warned]).toEqual([{ pid: 7 }, []]);
    await unnote(folder, 'up.json');
    expect(await readNote(path, 'up.json')).toBeUndefined();
  });

  it('that cannot be written is told once until it is right again, and fails nothing', async () => {
    mkdirSync(folder.file('up.json'));
    await note(folder, 'up.json', { pid: 7 });
    await note(folder, 'up.json', { pid: 8 });
    await unnote(folder, 'up.json');
    expect(warned).toEqual([
      expect.stringMatching(
        /^\/\S+\/up\.json cannot be written \(EISDIR: .*\): who reads it finds what was noted before, or nothing$/,
      ),
    ]);
    rmdirSync(folder.file('up.json'));
    await note(folder, 'up.json', { pid: 9 });
    expect(await readNote(path, 'up.json')).toEqual({ pid: 9 });
    rmSync(folder.file('up.json'));
    mkdirSync(folder.file('up.json'));
    await note(folder, 'up.json', { pid: 10 });
    expect(warned).toHaveLength(2);
  });
});
