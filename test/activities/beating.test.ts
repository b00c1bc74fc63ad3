import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { createActivities } from '../../src/activities/index.js';
import type { Ports } from '../../src/activities/ports.js';
import { BEATING } from '../crash/matrix/points.js';
import { ELSEWHERE } from '../crash/matrix/runs.js';

const folder = fileURLToPath(new URL('../../src/activities', import.meta.url));

/** Text of each function of a name that an activity has, to the end of its object's member. */
function bodies(): Map<string, string> {
  const found = new Map<string, string>();
  for (const file of readdirSync(folder, { recursive: true }) as string[]) {
    if (!file.endsWith('.ts')) continue;
    const text = readFileSync(join(folder, file), 'utf8');
    for (const [, name = '', body = ''] of text.matchAll(/^    async (\w+)\(([\s\S]*?)^    \},$/gm))
      found.set(name, body);
  }
  return found;
}

describe('the crash matrix', () => {
  it('interrupts every activity that tells progress at one of its heartbeats too', () => {
    const names = Object.values(createActivities({} as Ports)).flatMap((role) => Object.keys(role));
    const bodiesOf = bodies();
    const beating = [...new Set(names)].filter((name) => bodiesOf.get(name)?.includes('withCall('));
    expect(beating.length).toBeGreaterThan(20);
    expect(beating.filter((name) => ![...BEATING, ...ELSEWHERE].some((one) => one === name))).toEqual([]);
  });
});
