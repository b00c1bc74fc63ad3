import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { ActivityName } from './runs.js';

/**
 * What each activity was made of when it was last interrupted at every phase, with every victim, and all held. One whose
 * code has changed since is due for all of that again, in CI too.
 *
 * Its code is the file that defines it and what that imports of `src/activities` and `src/pipelines`: adapters and
 * workflows, which all of them share, are for `--all`.
 */
const RECORD = fileURLToPath(new URL('proven.json', import.meta.url));
const SRC = fileURLToPath(new URL('../../../src', import.meta.url));
const LOOKED_AT = ['activities', 'pipelines'];

/** Those whose code is another one than that of the record. */
export function changedActivities(names: readonly ActivityName[]): ActivityName[] {
  const proven = JSON.parse(readFileSync(RECORD, 'utf8')) as Record<string, string>;
  return names.filter((name) => proven[name] !== digestOf(name));
}

/** Takes note that all of these have been through all of it. */
export function writeProven(names: readonly ActivityName[]): void {
  const record = Object.fromEntries([...names].sort().map((name) => [name, digestOf(name)]));
  writeFileSync(RECORD, `${JSON.stringify(record, null, 2)}\n`);
}

function digestOf(activity: ActivityName): string {
  const hash = createHash('sha256');
  for (const file of [...closure(definedIn(activity))].sort())
    hash.update(`${relative(SRC, file)}\0`).update(readFileSync(file));
  return hash.digest('hex').slice(0, 16);
}

/** The one file with a method of that name, as the activities are written. */
function definedIn(activity: ActivityName): string {
  const method = new RegExp(`^ {4}(async )?${activity}[(:]`, 'm');
  const found = readdirSync(join(SRC, 'activities'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts') && name !== 'index.ts')
    .map((name) => join(SRC, 'activities', name))
    .filter((file) => method.test(readFileSync(file, 'utf8')));
  if (found.length !== 1)
    throw new Error(`the file of an activity is unclear [activity=${activity} files=${found.join()}]`);
  return found[0] as string;
}

/** Types are no code: what is imported for them alone does not count. */
const RUNTIME_IMPORT = /^(?:import|export) (?!type )(?:[^;]*?)from '(\.[^']+)\.js';$/gm;

function closure(file: string, seen = new Set<string>()): Set<string> {
  if (seen.has(file)) return seen;
  seen.add(file);
  for (const [, path = ''] of readFileSync(file, 'utf8').matchAll(RUNTIME_IMPORT)) {
    const imported = join(dirname(file), `${path}.ts`);
    if (LOOKED_AT.includes(relative(SRC, imported).split(/[/\\]/)[0] ?? '')) closure(imported, seen);
  }
  return seen;
}
