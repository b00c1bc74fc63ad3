import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { loadStackFile } from '../../src/config/load-stack-file.js';
import { formatProblem } from '../../src/config/problems.js';
import { consumersOf } from '../../src/contracts/stack/dependencies.js';

const folder = fileURLToPath(new URL('../../examples', import.meta.url));
const names = readdirSync(folder, { withFileTypes: true })
  .filter((entry) => entry.isDirectory() && !['alerts', 'ci', 'policies'].includes(entry.name))
  .map((entry) => entry.name);
const load = (name: string) => loadStackFile(join(folder, name), { now: new Date('2026-11-22T12:00:00Z') });

describe('the examples', () => {
  it('are the five stacks of the runbooks', () => {
    expect([...names].sort()).toEqual(['core-agent', 'local-mind', 'obsidian', 'personal-rag', 'rag7']);
  });

  it.each(names)(
    '%s is a valid stack; the only warnings are that its keys are the examples’',
    async (name) => {
      const { stack, warnings } = await load(name);
      expect(stack.stack).toBe(name);
      expect(warnings.map(formatProblem).filter((line) => !line.includes('of the examples'))).toEqual([]);
      expect(warnings).toHaveLength(4);
    },
  );

  it('carry the runbooks’ retention, and the stated default where they have none', async () => {
    const keep = async (name: string) => (await load(name)).stack.plans['nightly']?.keep;
    expect(await keep('local-mind')).toEqual({ within: 7 * 86_400, verified: 2 });
    expect(await keep('personal-rag')).toEqual({ within: 7 * 86_400, verified: 2 });
    expect(await keep('obsidian')).toEqual({ daily: 7, weekly: 4, monthly: 6, verified: 2 });
    expect(await keep('rag7')).toEqual({ daily: 7, weekly: 4, monthly: 6, verified: 2 });
    expect(await keep('core-agent')).toEqual({ within: 30 * 86_400, verified: 2 });
  });

  it('stop what their runbooks stop', async () => {
    const stops = async (name: string, stores: string[]) => consumersOf((await load(name)).stack, stores);
    expect(await stops('personal-rag', ['chroma'])).toEqual(['api']);
    expect(await stops('obsidian', ['redis'])).toEqual(['nginx', 'data-pipeline']);
    expect(await stops('local-mind', ['milvus-data', 'etcd-data', 'minio-data'])).toEqual([
      'backend',
      'milvus',
      'minio',
      'etcd',
    ]);
    expect(await stops('core-agent', ['postgres'])).toEqual(['core-agent']);
  });
});
