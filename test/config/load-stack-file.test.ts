import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadStackFile } from '../../src/config/load-stack-file.js';
import { formatProblems, StackFileError } from '../../src/config/problems.js';
import { FULL_STACK } from './stack-text.js';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady-config-'));
});
afterEach(async () => {
  await rm(folder, { recursive: true });
});

const failureOf = async (path: string) =>
  loadStackFile(path).then(
    () => 'loaded',
    (error: unknown) => (error instanceof StackFileError ? formatProblems(error.problems) : String(error)),
  );

describe('loadStackFile', () => {
  it('loads a file, or the steady.yaml of a folder', async () => {
    const path = join(folder, 'steady.yaml');
    await writeFile(path, FULL_STACK);
    const byPath = await loadStackFile(path);
    expect(byPath).toMatchObject({ path, folder, text: FULL_STACK, stack: { stack: 'personal-rag' } });
    expect(await loadStackFile(folder)).toEqual(byPath);
  });

  it('reads a byte order mark and does not count it', async () => {
    await writeFile(join(folder, 'bom.yaml'), `\ufeff${FULL_STACK}`);
    const loaded = await loadStackFile(join(folder, 'bom.yaml'));
    expect(loaded.text).toBe(FULL_STACK);
    await writeFile(join(folder, 'bad.yaml'), '\ufeffversion: 2');
    expect(await failureOf(join(folder, 'bad.yaml'))).toContain('bad.yaml:1:10 version: not allowed');
  });

  it('says config.missing for what is not there', async () => {
    await expect(loadStackFile(join(folder, 'x.yaml'))).rejects.toMatchObject({ code: 'config.missing' });
    await expect(loadStackFile(folder)).rejects.toMatchObject({ code: 'config.missing' });
  });

  it('refuses what is too large, not UTF-8, or no file', async () => {
    await writeFile(join(folder, 'large.yaml'), '#'.repeat(1_048_577));
    expect(await failureOf(join(folder, 'large.yaml'))).toBe(
      'large.yaml:1:1: larger than 1 MiB (1048577 bytes)',
    );
    await writeFile(join(folder, 'latin.yaml'), Buffer.from([0x61, 0x3a, 0x20, 0xe9]));
    expect(await failureOf(join(folder, 'latin.yaml'))).toBe('latin.yaml:1:1: not UTF-8 text');
    await writeFile(join(folder, 'utf16.yaml'), Buffer.from(`\ufeff${FULL_STACK}`, 'utf16le'));
    expect(await failureOf(join(folder, 'utf16.yaml'))).toBe('utf16.yaml:1:1: not UTF-8 text');
    expect(await failureOf('/dev/null')).toBe('null:1:1: not a file');
  });

  it('shows what was wrong and what to do', async () => {
    await writeFile(
      join(folder, 'steady.yaml'),
      FULL_STACK.replace('databse', '').replace('version: 1', 'version: 9'),
    );
    const error = await loadStackFile(folder).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: 'config.invalid',
      retryable: false,
      message: 'the stack file is not valid [file=steady.yaml problems=1]',
      problems: [{ line: 1, column: 10, field: 'version', found: 'the number 9', allowed: ['1'] }],
    });
  });
});
