import { execFileSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createDirectoryStorage } from '../src/adapters/storage/directory/directory.js';
import { createStreamWriter } from '../src/pipelines/stream-writer.js';

/**
 * Streams 1 GiB and 10 GiB of a table's rows through the whole pipeline (zstd, age, pieces, SHA-256, directory with
 * fsync) and takes the peak of this process and its tools together, from /proc. Flat means: ten times the data, the
 * same memory.
 *
 *   node --import tsx bench/stream-memory.ts [GiB GiB…]
 */
const MIB = 2 ** 20;
const SAMPLE_MIB = 256;

async function memoryOfTree(): Promise<number> {
  const rows = execFileSync('ps', ['-A', '-o', 'pid=,ppid=,rss='], { encoding: 'utf8' }).trim().split('\n');
  const all = rows.map((row) => row.trim().split(/\s+/).map(Number) as [number, number, number]);
  const family = new Set([process.pid]);
  for (let grew = true; grew;) {
    grew = false;
    for (const [pid, parent] of all) {
      if (family.has(parent) && !family.has(pid)) grew = Boolean(family.add(pid));
    }
  }
  return all.filter(([pid]) => family.has(pid)).reduce((sum, [, , rss]) => sum + rss * 1024, 0);
}

/** Rows as COPY writes them: numbers, dates, words, some of it random; compresses about as a table does. */
function sampleRows(): string {
  const lines: string[] = [];
  let bytes = 0;
  let state = 42;
  for (let id = 1; bytes < SAMPLE_MIB * MIB; id++) {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    const line = `${id}\t${state % 20000}\t2026-01-${String((id % 28) + 1).padStart(2, '0')} 12:00:00\t${state.toString(36)}${(state ^ id).toString(36)} an order of the shop\t${state % 9973}.${id % 100}\n`;
    lines.push(line);
    bytes += line.length;
  }
  return lines.join('');
}

// The rows are made in a process of their own: their garbage must not count as this one's idle memory.
if (process.argv[2] === '--rows') {
  await writeFile(process.argv[3] ?? '', sampleRows());
  process.exit();
}

const folder = await mkdtemp(join(tmpdir(), 'steady-bench-'));
try {
  const sample = join(folder, 'rows');
  execFileSync(process.execPath, [...process.execArgv, fileURLToPath(import.meta.url), '--rows', sample]);
  const keyFile = join(folder, 'key');
  execFileSync('age-keygen', ['-o', keyFile], { stdio: 'ignore' });
  const recipient = /public key: (\S+)/.exec(await readFile(keyFile, 'utf8'))?.[1] ?? '';
  const root = join(folder, 'storage');
  execFileSync('mkdir', [root]);
  const storage = createDirectoryStorage({ root, stack: 'bench' });
  const idle = await memoryOfTree();
  const gibs = process.argv.length > 2 ? process.argv.slice(2).map(Number) : [1, 10];
  const peaks: number[] = [];
  console.log(`idle ${Math.round(idle / MIB)} MiB`);
  for (const gib of gibs) {
    const copies = Array.from({ length: (gib * 1024) / SAMPLE_MIB }, () => sample);
    let peak = 0;
    let looking = true;
    const watch = (async () => {
      while (looking) {
        peak = Math.max(peak, await memoryOfTree());
        await new Promise((resolve) => setTimeout(resolve, 250));
      }
    })();
    const began = performance.now();
    const writer = createStreamWriter({
      backupId: `${gib}`,
      sink: storage,
      keyOf: (name) => `data/db/${gib}/${name}`,
      pieceLimit: 64 * 2 ** 30,
      recipients: [recipient],
      stallSeconds: 60,
    });
    const stored = await writer.stream('rows', { label: 'cat', argv: ['cat', ...copies] });
    const seconds = (performance.now() - began) / 1000;
    looking = false;
    await watch;
    peaks.push(peak);
    const bytes = stored.pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    console.log(
      `${gib} GiB  ${seconds.toFixed(1)} s  ${Math.round(stored.rawBytes / MIB / seconds)} MiB/s  stored ${Math.round(bytes / MIB)} MiB  peak ${Math.round(peak / MIB)} MiB with tools, ${Math.round((peak - idle) / MIB)} over idle`,
    );
    for (const piece of stored.pieces) await storage.delete(piece.key);
  }
  console.log(`peak of the last over the first: ${((peaks.at(-1) ?? 0) / (peaks[0] ?? 1)).toFixed(2)}`);
} finally {
  await rm(folder, { recursive: true, force: true });
}
