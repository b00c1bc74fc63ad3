import { expect, it } from 'vitest';
import type { OverheadResults, ProcedureCost } from '../../bench/overhead/results.js';
import { overheadPart } from '../../bench/report/overhead-part.js';

const machine = {
  ...{ at: '2026-11-22T03:00:00Z', cpus: '2 × a CPU', memoryGiB: 24, system: 'Debian', node: '20' },
  loadBefore: 0.1,
};
const cost = (name: string, activity: string, bare?: number): ProcedureCost => ({
  name,
  rounds: [1.25, 1.75].map((seconds) => ({
    ...(bare !== undefined && { bare }),
    command: seconds + 0.5,
    run: { seconds, events: 40, bytes: 9000, calls: [{ name: activity, ran: 12, around: 7 }] },
  })),
  entities: { events: 3.5, bytes: 800 },
  databaseBytes: 41_000,
});
const { name: _, ...backup } = cost('backup', 'dumpStore', 0.25);
const old: OverheadResults = { machine, bytes: 18e6, ...backup };

it('tells of what was kept before other procedures were measured', () => {
  const { text } = overheadPart(old);
  expect(text).toContain('| the run over its bare pipeline, s | ≤ 1.5 | 1.25 (1.00–1.50) | yes |');
  expect(text).toContain('| `dumpStore` | 1 | 12 | 7 |');
  expect(text).not.toContain('prune');
});

it('tells of each procedure: what it took, events, growth, and time by activity', () => {
  const others = [
    cost('restore', 'loadStore', 0.75),
    cost('verify', 'verifyBackup'),
    cost('prune', 'deleteBackup'),
  ];
  const parts = overheadPart({ ...old, others }).text.split(/\n(?=A )/);
  expect(parts.map((part) => part.split('\n')[0])).toEqual([
    'A backup of 18 MB, 2 rounds in turns with the bare pipeline.',
    'A restore of it into a new place (`steady restore --into`), in turns with the bare pipeline, 2 rounds.',
    'A proof of it, `readable`: read to its end, 2 rounds.',
    'A prune that deletes one backup, 2 rounds.',
  ]);
  expect(parts[1]).toContain('| the run over its bare pipeline, s |  | 0.75 (0.50–1.00) |  |');
  expect(parts[2]).toContain('| the run, s |  | 1.50 (1.25–1.75) |  |');
  expect(parts[2]).not.toContain('bare');
  for (const [at, activity] of ['dumpStore', 'loadStore', 'verifyBackup', 'deleteBackup'].entries()) {
    expect(parts[at]).toContain(`| \`${activity}\` | 1 | 12 | 7 |`);
    expect(parts[at]).toContain('| growth of Temporal’s file a run |  | 41 kB |  |');
    expect(parts[at]).toContain('| events in the histories of a run |  | 40 |  |');
  }
});
