import { DefaultLogger, Runtime, Worker } from '@temporalio/worker';
import { beforeAll, describe, expect, inject, it } from 'vitest';
import * as workflows from '../../src/workflows/index.js';
import { keptHistories, type KeptHistory } from './kept.js';

Runtime.install({ logger: new DefaultLogger('ERROR') });

const kept = await keptHistories();

/** Why a history does not replay with the workflows as they are now; undefined when it does. */
async function replay({ history, workflowId }: Pick<KeptHistory, 'history' | 'workflowId'>): Promise<unknown> {
  const options = { workflowBundle: { codePath: inject('workflowBundle') } };
  try {
    await Worker.runReplayHistory(options, history, workflowId);
    return undefined;
  } catch (error) {
    return error;
  }
}

describe('kept histories', () => {
  it('are there for every workflow type', () => {
    expect([...new Set(kept.map((one) => one.type))].sort()).toEqual(Object.keys(workflows).sort());
  });

  it.each(kept.map((one) => [one.file, one] as const))('replay: %s', async (_file, one) => {
    expect(await replay(one)).toBeUndefined();
  });

  it('tell of no machine and hold no stack trace', () => {
    const text = JSON.stringify(kept);
    expect(text).not.toMatch(/"identity":"(?!recorder")/);
    expect(text).not.toMatch(/"stackTrace":"[^"]/);
  });
});

describe('a replay', () => {
  let look: KeptHistory;
  beforeAll(() => {
    const found = kept.find((one) => one.type === 'look');
    if (found === undefined) throw new Error('no history of look');
    look = found;
  });

  it('fails for a workflow that does something else now', async () => {
    const changed = JSON.parse(JSON.stringify(look.history).replaceAll('"standings"', '"settings"').replaceAll('"listBackups"', '"listAll"').replaceAll('"serviceStates"', '"states"')) as KeptHistory['history'];
    expect(changed).not.toEqual(look.history);
    expect(await replay({ history: changed, workflowId: look.workflowId })).toMatchObject({
      name: 'DeterminismViolationError',
    });
  });
});
