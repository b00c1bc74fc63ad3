import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { decideRetention } from '../../src/contracts/retention.js';

const DAY = 86_400_000;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'steady-retention-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Nightly backups, the newest made `stopped` days and an hour ago. */
function nights(count: number, stopped = 0): { id: string; takenAt: Date }[] {
  const now = Date.now();
  return Array.from({ length: count }, (_, index) => {
    const takenAt = new Date(now - (index + stopped) * DAY - 3_600_000);
    return { id: `backup-${takenAt.toISOString().slice(0, 10)}.sql.gz`, takenAt };
  });
}

function seedKeeps(history: readonly { id: string; takenAt: Date }[]): string[] {
  const backups = join(folder, 'backups');
  mkdirSync(backups);
  for (const { id, takenAt } of history) {
    writeFileSync(join(backups, id), 'x');
    utimesSync(join(backups, id), takenAt, takenAt);
  }
  // personal-rag's runbook, "Clear old backups (keep last 7 days)".
  execFileSync('find', [`${backups}/`, '-type', 'f', '-mtime', '+7', '-delete']);
  return readdirSync(backups).sort().reverse();
}

function oursKeep(history: readonly { id: string; takenAt: Date }[], verified = true): string[] {
  const backups = history.map((one) => ({ ...one, verified, shrunkUnaccepted: false, suspect: false }));
  const decisions = decideRetention({
    backups,
    policy: { within: 7 * 86_400, verified: 2 },
    zone: 'UTC',
    now: new Date(),
  });
  return decisions.filter((one) => one.keep).map((one) => one.id);
}

describe('the runbooks’ clean-up rule beside `keep: { within: 7d }`', () => {
  it('keeps the same seven days and today while backups are made every night', () => {
    const history = nights(30);
    expect(seedKeeps(history)).toEqual(history.slice(0, 8).map((one) => one.id));
    expect(oursKeep(history)).toEqual(history.slice(0, 8).map((one) => one.id));
  });

  it('deletes every backup some days after they stopped; ours deletes nothing then', () => {
    const history = nights(30, 10);
    expect(seedKeeps(history)).toEqual([]);
    expect(oursKeep(history)).toEqual(history.slice(0, 8).map((one) => one.id));
  });

  it('deletes good backups though no newer one was ever proven; ours deletes nothing then', () => {
    const history = nights(30);
    expect(seedKeeps(history)).toHaveLength(8);
    expect(oursKeep(history, false)).toHaveLength(30);
  });

  it('by folders, as local-mind has it, leaves old dumps that are files, or takes the whole folder', () => {
    const backups = join(folder, 'backups');
    const old = new Date(Date.now() - 20 * DAY);
    mkdirSync(join(backups, '20261101'), { recursive: true });
    for (const path of ['neo4j-20261101.dump', '20261101/milvus.tar.gz'])
      writeFileSync(join(backups, path), 'x');
    for (const path of ['20261101', 'neo4j-20261101.dump']) utimesSync(join(backups, path), old, old);
    // It also ends with 1, since it looks for folders it has just removed.
    const clean = () =>
      spawnSync('find', [backups, '-type', 'd', '-mtime', '+7', '-exec', 'rm', '-rf', '{}', ';']);
    clean();
    expect(readdirSync(backups)).toEqual(['neo4j-20261101.dump']);
    // Nothing was added for a while: the folder itself is old, and matches.
    utimesSync(backups, old, old);
    clean();
    expect(() => readdirSync(backups)).toThrow('ENOENT');
  });
});
