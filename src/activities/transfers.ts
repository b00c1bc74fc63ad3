import type { StackSnapshot } from '../contracts/runs/snapshot.js';
import { createPace, type Pace } from '../pipelines/pace.js';
import type { ActivityCall } from './call.js';

/**
 * Of this worker, whichever stacks it serves: its processors and its line are one. State of the process, therefore, as
 * the processors are.
 */
let moving = 0;
const waiting: { readonly limit: number; readonly begin: () => void }[] = [];
const paces = new Map<string, { readonly rate: number; readonly pace: Pace }>();

/** Runs a transfer once fewer than `limits.transfers` of the stack move at this worker, first come, first served. */
export async function inTurn<T>(
  call: ActivityCall,
  { stack }: StackSnapshot,
  transfer: () => Promise<T>,
): Promise<T> {
  const limit = stack.limits.transfers;
  if (moving >= limit) {
    call.say(`waits: ${moving} transfers at this worker already (limits.transfers)`);
    await turn(limit, call.signal);
  } else moving += 1;
  try {
    return await transfer();
  } finally {
    moving -= 1;
    beginNext();
  }
}

function turn(limit: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const leave = (): void => {
      waiting.splice(waiting.indexOf(entry), 1);
      reject(signal.reason as Error);
    };
    const begin = (): void => {
      signal.removeEventListener('abort', leave);
      moving += 1;
      resolve();
    };
    const entry = { limit, begin };
    if (signal.aborted) return reject(signal.reason as Error);
    signal.addEventListener('abort', leave, { once: true });
    waiting.push(entry);
  });
}

function beginNext(): void {
  const at = waiting.findIndex(({ limit }) => moving < limit);
  if (at !== -1) waiting.splice(at, 1)[0]?.begin();
}

/** What all transfers of a stack at this worker share; undefined where it names no rate. */
export function paceOf({ stack }: StackSnapshot): Pace | undefined {
  const { rate } = stack.limits;
  if (rate === undefined) return undefined;
  const known = paces.get(stack.stack);
  if (known?.rate === rate) return known.pace;
  const pace = createPace(rate);
  paces.set(stack.stack, { rate, pace });
  return pace;
}
