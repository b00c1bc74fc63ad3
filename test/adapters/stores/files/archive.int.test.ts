import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createArchiveReader } from '../../../../src/adapters/stores/files/archive-facts.js';
import { archiveTool } from '../../../../src/adapters/stores/files/tar-tools.js';

describe('an archive of GNU tar', () => {
  it('has the same facts however its bytes are cut, and none when it is cut short', () => {
    const folder = mkdtempSync(join(tmpdir(), 'steady-tar-'));
    writeFileSync(join(folder, 'a'), 'x'.repeat(700));
    writeFileSync(join(folder, 'ü'.repeat(100)), '');
    const [program, ...args] = archiveTool(folder, []).argv;
    const tar = execFileSync(program, args);
    rmSync(folder, { recursive: true });
    const factsOf = (sizes: number[]) => {
      const reader = createArchiveReader();
      let at = 0;
      for (const size of sizes) reader.take(tar.subarray(at, (at += size)));
      reader.take(tar.subarray(at));
      return reader.end();
    };
    const whole = factsOf([]);
    expect(whole.counts).toMatchObject({ files: 2, folders: 1, bytes: 700 });
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 900 }), { maxLength: 20 }), (sizes) => {
        expect(factsOf(sizes)).toEqual(whole);
      }),
    );
    const cut = createArchiveReader();
    cut.take(tar.subarray(0, 1500));
    expect(() => cut.end()).toThrow('the archive breaks off before its end');
    const noise = createArchiveReader();
    expect(() => noise.take(Buffer.alloc(1024, 7))).toThrow(/^bytes differ from what was stored/);
  });
});
