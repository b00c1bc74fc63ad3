import { Connection } from '@temporalio/client';
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, inject, it, vi } from 'vitest';
import { retentionLines } from '../../src/cli/temporal-lines.js';
import { prepareNamespace, retentionOf } from '../../src/client/namespace.js';
import { SEARCH_ATTRIBUTES } from '../../src/contracts/names.js';
import { PATIENTLY } from '../workflows/patience.js';

let connection: Connection;
beforeAll(async () => {
  connection = await Connection.connect({ address: inject('temporalAddress') });
});
afterAll(() => connection.close());

const KEYWORD = 2;
const DAY = 86_400;
/** What a part of the server says that does not know a search attribute. */
const INVALID_ARGUMENT = { code: 3, details: '', metadata: {} };

/** As an owner of Temporal makes one: no search attributes, and runs are forgotten after a day. */
async function newNamespace(): Promise<string> {
  const namespace = `n-${randomBytes(4).toString('hex')}`;
  const workflowExecutionRetentionPeriod = { seconds: DAY as never, nanos: 0 };
  await connection.workflowService.registerNamespace({ namespace, workflowExecutionRetentionPeriod });
  await vi.waitFor(() => connection.operatorService.listSearchAttributes({ namespace }), PATIENTLY);
  return namespace;
}
const attributesOf = async (namespace: string) =>
  (await connection.operatorService.listSearchAttributes({ namespace })).customAttributes;

it('gives a namespace the search attributes of runs, once, whoever else does the same', async () => {
  const namespace = await newNamespace();
  await Promise.all([1, 2, 3].map(() => prepareNamespace(connection, namespace)));
  await prepareNamespace(connection, namespace);
  expect(await attributesOf(namespace)).toMatchObject(
    Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD])),
  );
});

it('waits for what others have added, of which a part of the server does not know yet', async () => {
  const namespace = await newNamespace();
  const { operatorService, workflowService } = connection;
  const searchAttributes = Object.fromEntries(SEARCH_ATTRIBUTES.map((name) => [name, KEYWORD]));
  await operatorService.addSearchAttributes({ namespace, searchAttributes });
  await vi.waitFor(async () =>
    expect(Object.keys((await attributesOf(namespace)) ?? {})).toHaveLength(SEARCH_ATTRIBUTES.length),
  );
  let asked = 0;
  const countWorkflowExecutions = vi.fn(async (...call: unknown[]) => {
    if (asked++ < 2) return Promise.reject(Object.assign(new Error('unknown'), INVALID_ARGUMENT));
    return Reflect.apply(workflowService.countWorkflowExecutions, workflowService, call) as unknown;
  });
  const behind = { countWorkflowExecutions } as unknown as Connection['workflowService'];
  await prepareNamespace({ operatorService, workflowService: behind }, namespace);
  expect(asked).toBe(3);
});

it('says what to run where it cannot add them', async () => {
  const namespace = await newNamespace();
  // A namespace on SQL has room for ten.
  const others = Object.fromEntries([...'ABCDEFGH'].map((letter) => [`Other${letter}`, KEYWORD]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes: others });
  await vi.waitFor(async () => expect(Object.keys((await attributesOf(namespace)) ?? {})).toHaveLength(8));
  await expect(prepareNamespace(connection, namespace)).rejects.toMatchObject({
    code: 'temporal.unprepared',
    message: expect.stringMatching(new RegExp(`namespace=${namespace} says=.*10`)),
    hint: expect.stringContaining(
      `temporal operator search-attribute create --namespace ${namespace} --name SteadyStack --type Keyword `,
    ),
  });
});

it('warns of a namespace that forgets within a month', async () => {
  const seconds = await retentionOf(connection, await newNamespace());
  expect(retentionLines('ops', seconds)).toMatchObject([
    { status: 'warning', message: 'the namespace ops forgets runs 1d after their end' },
  ]);
  expect(retentionLines('ops', 30 * DAY)).toEqual([]);
});
