import { describe, expect, it } from 'vitest';
import { SteadyError } from '../../../src/contracts/failures.js';
import { runTool } from '../../../src/pipelines/run-tool.js';

describe('a tool whose argv depends on what runs now', () => {
  it('is asked right before the start', async () => {
    const placed = {
      argv: ['echo', 'IMAGE'] as const,
      label: 'echo',
      resolveArgv: () => Promise.resolve(['echo', 'sha256:1'] as const),
    };
    expect((await runTool(placed)).stdout).toBe('sha256:1\n');
  });

  it('fails with the reason why it cannot be told', async () => {
    const error = new SteadyError('service.failed', { service: 'db', error: 'it has no container' });
    await expect(
      runTool({ argv: ['echo'], label: 'echo', resolveArgv: () => Promise.reject(error) }),
    ).rejects.toBe(error);
  });
});
