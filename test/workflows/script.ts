import { Context } from '@temporalio/activity';
import { SteadyError, type FailureCode, type FailureFacts } from '../../src/contracts/failures.js';

/** One call of a faked thing: which time it is called, and what tells it to stop. */
export interface ScriptedCall {
  /** 1 for the first. */
  readonly time: number;
  readonly signal: AbortSignal | undefined;
}

export type Hook = (call: ScriptedCall) => void | Promise<void>;

export interface Gate {
  /** Resolves when somebody stands before it. */
  readonly reached: Promise<void>;
  open(): void;
}

/** What happens when a phase of a fake is entered, such as `dump db`, `stop api`, `health api`. */
export interface Script {
  /** What was done, in order; a phase stands here once it has passed. */
  readonly journal: string[];
  on(phase: string, hook: Hook): void;
  /** Fails, with a failure that is not tried again. */
  fail(phase: string, code: FailureCode, facts?: FailureFacts): void;
  /** Stops before a phase until it is opened or told to stop. */
  gate(phase: string): Gate;
  enter(phase: string, signal?: AbortSignal): Promise<void>;
}

export function createScript(): Script {
  const hooks = new Map<string, Hook>();
  const times = new Map<string, number>();
  const journal: string[] = [];
  const script: Script = {
    journal,
    on: (phase, hook) => void hooks.set(phase, hook),
    fail: (phase, code, facts) =>
      script.on(phase, () => {
        throw new SteadyError(code, { phase, ...facts }, { retryable: false });
      }),
    gate(phase) {
      let open = (): void => undefined;
      const opened = new Promise<void>((resolve) => (open = resolve));
      const reached = new Promise<void>((resolve) =>
        script.on(phase, async ({ signal }) => {
          resolve();
          await untilStopped(opened, signal);
        }),
      );
      return { reached, open };
    },
    async enter(phase, signal) {
      const time = (times.get(phase) ?? 0) + 1;
      times.set(phase, time);
      await hooks.get(phase)?.({ time, signal });
      journal.push(phase);
    },
  };
  return script;
}

/** Waits for a promise, or throws `cancelled` when the signal aborts first. */
export async function untilStopped(promise: Promise<void>, signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    const stop = (): void => reject(new SteadyError('cancelled'));
    if (signal?.aborted) stop();
    signal?.addEventListener('abort', stop, { once: true });
    promise.then(resolve, reject);
  });
}

/** A promise that nothing resolves. */
export const never = new Promise<void>(() => undefined);

/** From inside a hook: the activity lives on, but Temporal hears nothing of it any more. */
export function loseHeartbeats(): void {
  Object.assign(Context.current(), { heartbeat: () => undefined });
}
