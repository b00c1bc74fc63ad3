import { expect, it } from 'vitest';
import type { Answer } from '../crash/rig/steady.js';
import { ENDINGS, type Ending, type FaultName } from './endings.js';

/**
 * The test of one fault: `meet` makes it happen, looks at what is left and at what the next run does, and gives the answer
 * of the command that met it; that must end as docs/faults.md says.
 */
export function fault(name: FaultName, meet: () => Promise<Pick<Answer, 'code' | 'json'>>): void {
  const { fault: title, exit, code }: Ending = ENDINGS[name];
  it(title, async () => {
    const { code: ended, json } = await meet();
    expect([ended, json.error?.code], json.error?.message).toEqual([exit, code]);
  });
}
