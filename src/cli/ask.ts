import { answerOf } from '../client/outcome.js';
import { snapshotOf } from '../client/snapshot.js';
import { startRun } from '../client/start.js';
import type { LogQuery } from '../contracts/runs/logs.js';
import type { LookInput } from '../contracts/runs/procedures.js';
import { chosen } from './arguments.js';
import type { Context } from './context.js';

export interface Question {
  readonly what: LookInput['what'];
  /** Default: all stores of the file. */
  readonly stores?: readonly string[] | undefined;
  readonly id?: string;
  readonly log?: LogQuery;
  readonly services?: readonly string[];
}

/** A short run that looks at storage or services on a worker, as the file has it now; changes nothing, leaves no record. */
export async function ask<T>(context: Context, question: Question): Promise<T> {
  const loaded = await context.load();
  const stores = chosen(question.stores ?? [], Object.keys(loaded.stack.stores));
  return await context.withTemporal(async (steady) => {
    const input: LookInput = {
      version: 1,
      snapshot: snapshotOf(loaded),
      by: await context.requester(),
      what: question.what,
      stores,
      ...(question.id !== undefined && { id: question.id }),
      ...(question.log && { log: question.log }),
      ...(question.services && { services: question.services }),
    };
    return await answerOf<T>(steady, await startRun(steady, { procedure: 'look', input }));
  });
}
