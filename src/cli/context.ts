import { userInfo } from 'node:os';
import type { Command } from 'commander';
import { connect, type Steady } from '../client/connect.js';
import { signedRequester } from '../client/approvals.js';
import { snapshotOf } from '../client/snapshot.js';
import { storageState } from '../client/entities.js';
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
  /** Who asks: the identity of this person where there is one, else the name of the account. */
  requester(request?: unknown): Promise<Requester>;
}

export function contextOf(command: Command): Context {
  const options = command.optsWithGlobals<GlobalOptions>();
  const output = createOutput({ json: options.json === true });
  const load = async (): Promise<LoadedStack> => await loadStackFile(options.config);
  return {
    options,
    output,
    load,
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
      const loaded = await load();
      const state = await storageState(steady, loaded.stack);
      if (state?.applied?.sha256 !== loaded.sha256) {
        throw new SteadyError('config.not-applied', {
          file: loaded.path,
          applied: state?.applied?.sha256.slice(0, 12) ?? 'never',
          file_is: loaded.sha256.slice(0, 12),
        });
      }
      return snapshotOf(loaded);
    },
    async requester(request) {
      const identity = await readIdentity(options.identity);
      if (identity === undefined) return { name: `unix:${userInfo().username}` };
      return signedRequester(identity, request ?? null);
    },
  };
}

/** A `steady up` whose disk is full looks like a Temporal that is away. */
async function withRoom(error: unknown, config: string): Promise<unknown> {
  if (!(error instanceof SteadyError) || error.code !== 'temporal.unreachable') return error;
  const room = await roomBeside(config);
  if (room === undefined || !isFull(room)) return error;
  const hint = 'Free space on the disk of that folder: `steady up` there goes on by itself.';
  return new SteadyError(error.code, { ...error.facts, full: room.state }, { cause: error, hint });
}
