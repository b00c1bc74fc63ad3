import { SteadyError } from '../contracts/failures.js';
import { spawnTool, toolFailure } from './spawn-tool.js';
import type { PlacedTool } from './tool.js';

export interface RunToolOptions {
  readonly signal?: AbortSignal;
  /** Written to stdin, which is then closed. */
  readonly input?: string | Buffer;
  /** Longest time for the whole run, in seconds; default 60. */
  readonly limitSeconds?: number;
  /** Most bytes of stdout kept; more is an error. Default 64 MiB. */
  readonly maxBytes?: number;
  /** Exit codes that are no failure; default only 0. */
  readonly okCodes?: readonly number[];
}

/** A longer timer fires at once. */
const LONGEST_MS = 2 ** 31 - 1;

export interface ToolOutput {
  readonly stdout: string;
  readonly stderr: string;
  readonly code: number;
}

/** Runs a tool to its end and gives its output as text. For small answers; streams go through pipelines. */
export async function runTool(tool: PlacedTool, options: RunToolOptions = {}): Promise<ToolOutput> {
  const limit = new AbortController();
  const seconds = options.limitSeconds ?? 60;
  const timer = setTimeout(() => limit.abort(), Math.min(seconds * 1000, LONGEST_MS));
  const signal = options.signal ? AbortSignal.any([options.signal, limit.signal]) : limit.signal;
  try {
    const running = await spawnTool(tool, { signal });
    running.stdin.end(options.input ?? '');
    const chunks: Buffer[] = [];
    let bytes = 0;
    const maxBytes = options.maxBytes ?? 64 * 2 ** 20;
    running.stdout.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= maxBytes) chunks.push(chunk);
    });
    const exit = await running.exited;
    // Also inside its container, before anyone hears that it is over.
    if (signal.aborted) await running.end();
    if (options.signal?.aborted) throw new SteadyError('cancelled', { tool: tool.label });
    if (limit.signal.aborted)
      throw new SteadyError('stream.stalled', { tool: tool.label, limit: `${seconds}s` });
    if (bytes > maxBytes)
      throw new SteadyError('tool.failed', {
        tool: tool.label,
        error: `more than ${maxBytes} bytes of output`,
      });
    if (exit.code === null || !(options.okCodes ?? [0]).includes(exit.code)) throw toolFailure(running, exit);
    return { stdout: Buffer.concat(chunks).toString('utf8'), stderr: running.lastWords(), code: exit.code };
  } finally {
    clearTimeout(timer);
  }
}
