import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import type { ActivityName } from '../../crash/matrix/runs.js';

export type Phase = 'before' | 'after';

/** Environment of a `steady up` whose worker is killed where points in its folder say. */
export const withPoints = (folder: string): NodeJS.ProcessEnv => {
  const preload = fileURLToPath(new URL('../../crash/matrix/failpoints.mjs', import.meta.url));
  return {
    NODE_OPTIONS: `--import ${pathToFileURL(preload).href}`,
    STEADY_FAILPOINTS: join(folder, 'points'),
  };
};

/** The worker is killed with -9 once in each of these, wherever it meets it next in a deploy or a change of services. */
export function arm(folder: string, activities: readonly ActivityName[], phase: Phase): void {
  const workflows = ['deploy', 'changeServices'];
  for (const activity of activities)
    writeFileSync(
      join(folder, 'points', `${activity}.json`),
      JSON.stringify({ activity, phase, victim: 'worker', workflows }),
    );
}

/** Where it was not killed yet. */
export const armed = (folder: string): string[] =>
  readdirSync(join(folder, 'points')).filter((name) => name.endsWith('.json'));
