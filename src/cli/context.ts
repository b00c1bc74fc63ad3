import { userInfo } from 'node:os';
import type { Command } from 'commander';
import type { Asking } from '../client/ask/asking.js';
import { connect, type Steady } from '../client/connect.js';
import { signedRequester } from '../client/approvals.js';
import { appliedSnapshot } from '../client/snapshot.js';
import { reachFailure } from '../client/reach.js';
import { loadStackFile, type LoadedStack } from '../config/load-stack-file.js';
import { SteadyError } from '../contracts/failures.js';
import type { Requester, StackSnapshot } from '../contracts/runs/snapshot.js';
import { readIdentity } from './identity-file.js';
import { createOutput, type Output } from './output.js';
import { isFull, roomBeside } from './state-room.js';
import { trustBeside } from './trust-beside.js';

export interface GlobalOptions {
  readonly config: string;
  readonly json?: boolean;
  readonly address?: string;
  readonly namespace?: string;
  readonly profile?: string;
  readonly identity?: string;
}

/** What every command is given: where to look, whom to ask, how to say it. */
export interface Context {
  readonly options: GlobalOptions;
  readonly output: Output;
  load(): Promise<LoadedStack>;
  /**
   * Runs a body with a connection that is closed afterwards. Throws `temporal.unreachable`; waits for a worker as long
   * as the stack file says, and not longer than `patience` seconds.
   */
  withTemporal<T>(body: (steady: Steady) => Promise<T>, patience?: number): Promise<T>;
  /** The snapshot for a run by hand: what is applied is what runs, so a file that differs is refused. */
  appliedSnapshot(steady: Steady): Promise<StackSnapshot>;
  /** This person asks for runs of what is applied. */
  asking(steady: Steady): Promise<Asking>;
  /** Who asks: the identity of this person where there is one, else the name of the account. */
  requester(request?: unknown): Promise<Requester>;
}

export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const output = createOutput({ json: options.json === true });
  const load = async (): Promise<LoadedStack> => await loadStackFile(options.config);
  const context: Context = {
    options,
    output,
    load,
    asking: async (steady) => ({
      steady,
      snapshot: await context.appliedSnapshot(steady),
      requester: (request) => context.requester(request),
    }),
    async withTemporal(body, patience = Number.POSITIVE_INFINITY) {
      const loaded = await load();
      // New commands are not: the worker then says so by itself.
      await trustBeside(loaded);
      const { stack } = loaded;
      const told = new Set<string>();
      const steady = await connect({
        ...options,
        workerSeconds: Math.min(stack.limits.worker, patience),
        onWait: (words) => {
          if (!told.has(words)) output.warn(`… ${words}`);
          told.add(words);
        },
      });
      try {
        return await body(steady);
      } catch (error) {
        throw await withRoom(reachFailure(error, steady), options.config);
      } finally {
        await steady.close();
      }
    },
    async appliedSnapshot(steady) {
      return await appliedSnapshot(steady, await load());
    },
    async requester(request) {
      const identity = await readIdentity(options.identity);
      if (identity === undefined) return { name: `unix:${userInfo().username}` };
      return signedRequester(identity, request ?? null);
    },
  };
  return context;
}

/** A `steady up` whose disk is full looks like a Temporal that is away. */
async function withRoom(error: unknown, config: string): Promise<unknown> {
  if (!(error instanceof SteadyError) || error.code !== 'temporal.unreachable') return error;
  const room = await roomBeside(config);
  if (room === undefined || !isFull(room)) return error;
  const hint = 'Free space on the disk of that folder: `steady up` there goes on by itself.';
  return new SteadyError(error.code, { ...error.facts, full: room.state }, { cause: error, hint });
}
