import { describe, expect, it } from 'vitest';
import type { ComposeTarget } from '../../../../src/adapters/runtimes/compose/argv.js';
import type { RunCommand } from '../../../../src/adapters/runtimes/compose/find-containers.js';
import { inspectListed } from '../../../../src/adapters/runtimes/compose/find-containers.js';

const target: ComposeTarget = { tool: 'docker', files: [] };
const inspected = (...ids: string[]): string =>
  JSON.stringify(ids.map((Id) => ({ Id, Image: 'x', State: { Status: 'running' }, Config: {} })));

/** An engine that answers lists and inspections in turn; a text is an answer, a code with it a failure. */
function engine(lists: string[][], inspections: [string, number][]): RunCommand {
  return (argv, options) => {
    if (argv[1] === 'ps') return Promise.resolve({ stdout: (lists.shift() ?? []).join('\n'), code: 0 });
    const [stdout, code] = inspections.shift() ?? ['', 1];
    if (!(options?.okCodes ?? [0]).includes(code)) return Promise.reject(new Error(`exit ${code}`));
    return Promise.resolve({ stdout, code });
  };
}
const found = async (run: RunCommand): Promise<string[]> =>
  (await inspectListed(target, run, ['docker', 'ps'])).map((one) => one.id);

describe('containers that are listed and described', () => {
  it('are all of them', async () => {
    expect(await found(engine([['a', 'b']], [[inspected('a', 'b'), 0]]))).toEqual(['a', 'b']);
    expect(await found(engine([[]], []))).toEqual([]);
  });

  it('are those that stay, when one goes in between', async () => {
    expect(
      await found(
        engine(
          [
            ['a', 'b'],
            ['a', 'c'],
          ],
          [[inspected('a'), 1]],
        ),
      ),
    ).toEqual(['a']);
    expect(await found(engine([['b'], []], [['[]', 125]]))).toEqual([]);
  });

  it('are asked for again when one that was not described is still there', async () => {
    const run = engine(
      [
        ['a', 'b'],
        ['a', 'b'],
        ['a', 'b'],
      ],
      [
        [inspected('a'), 1],
        [inspected('a', 'b'), 0],
      ],
    );
    expect(await found(run)).toEqual(['a', 'b']);
  });

  it('are an error when the engine does not describe them', async () => {
    const lists = Array.from({ length: 20 }, () => ['a']);
    await expect(found(engine(lists, []))).rejects.toThrow('exit 1');
  });
});
