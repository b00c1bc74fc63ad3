import { isGrpcServiceError, type Connection } from '@temporalio/client';
import { setTimeout as sleep } from 'node:timers/promises';
import { SteadyError } from '../contracts/failures.js';
import { SEARCH_ATTRIBUTES } from '../contracts/names.js';
import { saidBy } from './reach.js';

type Services = Pick<Connection, 'operatorService' | 'workflowService'>;

const KEYWORD = 2;
/** A server tells its parts of a new search attribute by and by. */
const KNOWN_WITHIN_MS = 60_000;
const PAUSE_MS = 250;

// Codes of gRPC (grpc.github.io, "Status codes").
const INVALID_ARGUMENT = 3;
const ALREADY_EXISTS = 6;

/**
 * Gives a namespace the search attributes that runs carry, where it has not got them, and waits until they can be asked
 * for. Throws `temporal.unprepared`, with the command to run, where it may not.
 */
export async function prepareNamespace(services: Services, namespace: string): Promise<void> {
  if (await isPrepared(services, namespace)) return;
  try {
    const { customAttributes } = await services.operatorService.listSearchAttributes({ namespace });
    const missing = SEARCH_ATTRIBUTES.filter((name) => !(name in (customAttributes ?? {})));
    const searchAttributes = Object.fromEntries(missing.map((name) => [name, KEYWORD]));
    // Workers that start together add them together: none may be missing by now, and one known to a part of the server.
    if (missing.length > 0)
      await services.operatorService.addSearchAttributes({ namespace, searchAttributes });
  } catch (error) {
    if (!isGrpc(error, ALREADY_EXISTS)) throw unprepared(namespace, error);
  }
  for (const until = Date.now() + KNOWN_WITHIN_MS; !(await isPrepared(services, namespace));) {
    if (Date.now() > until) throw unprepared(namespace);
    await sleep(PAUSE_MS);
  }
}

/** Whether runs can be found by them: who may not look at search attributes may still ask for runs. */
async function isPrepared({ workflowService }: Services, namespace: string): Promise<boolean> {
  const query = SEARCH_ATTRIBUTES.map((name) => `${name} = 'none'`).join(' AND ');
  try {
    await workflowService.countWorkflowExecutions({ namespace, query });
    return true;
  } catch (error) {
    if (isGrpc(error, INVALID_ARGUMENT)) return false;
    throw error;
  }
}

function unprepared(namespace: string, cause?: unknown): SteadyError {
  const names = SEARCH_ATTRIBUTES.map((name) => `--name ${name} --type Keyword`).join(' ');
  return new SteadyError(
    'temporal.unprepared',
    { namespace, says: saidBy(cause) },
    {
      cause,
      hint: `Have somebody who may: temporal operator search-attribute create --namespace ${namespace} ${names}`,
    },
  );
}

const isGrpc = (error: unknown, code: number): boolean =>
  isGrpcServiceError(error) && Number(error.code) === code;

/** How long a namespace keeps runs that have ended, in seconds. */
export async function retentionOf({ workflowService }: Services, namespace: string): Promise<number> {
  const { config } = await workflowService.describeNamespace({ namespace });
  return Number(config?.workflowExecutionRetentionTtl?.seconds ?? 0);
}
