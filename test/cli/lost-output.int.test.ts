import { spawnSync } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { expect, it } from 'vitest';
import { builtSteady } from './rig/build.js';

it('fails, and says so, when what it prints goes to a full disk', async () => {
  const main = await builtSteady();
  const full = openSync('/dev/full', 'w');
  try {
    const { status, stderr } = spawnSync(process.execPath, [main, '--help'], {
      stdio: ['ignore', full, 'pipe'],
      encoding: 'utf8',
    });
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^error: output is lost: ENOSPC[^\n]*\n$/)]);
  } finally {
    closeSync(full);
  }
});
