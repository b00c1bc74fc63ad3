import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format, resolveConfig } from 'prettier';
import { readResults } from '../lib/results.js';
import type { MemoryResults } from '../memory/results.js';
import type { OverheadResults } from '../overhead/results.js';
import type { SpeedResults } from '../speed/results.js';
import { between } from './markdown.js';
import { memoryPart } from './memory-part.js';
import { overheadPart } from './overhead-part.js';
import type { Part } from './part.js';
import { speedPart } from './speed-part.js';

const PAGE = fileURLToPath(new URL('../../docs/benchmarks.md', import.meta.url));
const PLOTS = fileURLToPath(new URL('../../docs/benchmarks/', import.meta.url));

/** Writes what was measured last into docs/benchmarks.md, between its markers; the words around them stay. */
export async function report(): Promise<void> {
  const parts: Record<string, Part | undefined> = {
    speed: partOf<SpeedResults>('speed', speedPart),
    overhead: partOf<OverheadResults>('overhead', overheadPart),
    memory: partOf<MemoryResults>('memory', memoryPart),
  };
  let page = readFileSync(PAGE, 'utf8');
  mkdirSync(PLOTS, { recursive: true });
  for (const [name, part] of Object.entries(parts)) {
    page = between(page, name, part?.text ?? `Not measured yet: \`./scripts/bench ${name}\`.`);
    for (const [file, svg] of Object.entries(part?.plots ?? {})) writeFileSync(`${PLOTS}${file}.svg`, svg);
  }
  writeFileSync(PAGE, await format(page, { ...(await resolveConfig(PAGE)), filepath: PAGE }));
}

function partOf<T>(name: string, make: (results: T) => Part): Part | undefined {
  const results = readResults<T>(name);
  return results && make(results);
}
