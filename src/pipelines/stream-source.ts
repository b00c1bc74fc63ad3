import { SteadyError } from '../contracts/failures.js';
import { toolFailure, type RunningTool } from './spawn-tool.js';

/** Where the raw bytes of a stream come from. */
export interface Source {
  readonly label: string;
  /** A chunk is good until the next one is asked for. */
  readonly bytes: AsyncIterator<Buffer>;
  /** Resolves when the source ended well; asked after its last byte. */
  ended(): Promise<void>;
  /** Lets go of it, whether it was read to the end or not. */
  release(): void;
}

/** The stdout of a tool, which has to end with 0. */
export function sourceOfTool(running: RunningTool): Source {
  running.stdin.end();
  return {
    label: running.label,
    bytes: running.chunks,
    async ended() {
      const exit = await running.exited;
      if (exit.code !== 0) throw toolFailure(running, exit);
    },
    release: () => undefined,
  };
}

/** Bytes made in this process. */
export function sourceOfBody(body: AsyncIterable<Buffer>): Source {
  const bytes = body[Symbol.asyncIterator]();
  let done = false;
  return {
    label: 'source',
    bytes: {
      async next() {
        const next = await bytes.next();
        if (next.done) done = true;
        else if (!Buffer.isBuffer(next.value))
          throw new SteadyError('internal', { error: 'a source gave no Buffer' });
        return next;
      },
    },
    ended: () => Promise.resolve(),
    release() {
      // A generator in the middle of a wait takes this when the wait is over: nothing waits for it here.
      if (!done) bytes.return?.().catch(() => undefined);
    },
  };
}
