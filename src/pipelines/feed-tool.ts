import type { Writable } from 'node:stream';
import { spawnTool, toolFailure } from './spawn-tool.js';
import type { PlacedTool } from './tool.js';

/**
 * Writes a source to a tool, and reads on when the tool wants no more: it may have all it needs, which its exit code
 * tells, and the reader still has checksums to compare.
 */
export async function feed(source: AsyncIterable<Buffer>, stdin: Writable): Promise<void> {
  for await (const chunk of source) {
    if (stdin.destroyed || stdin.write(chunk)) continue;
    await new Promise<void>((resolve) => {
      const on = (): void => {
        stdin.off('drain', on).off('close', on);
        resolve();
      };
      stdin.on('drain', on).on('close', on);
      if (stdin.destroyed) on();
    });
  }
  stdin.end();
}

/**
 * Runs a tool on a source, which is read to its end. The input ends only after the source ended well, so that what is cut
 * off never looks whole. Fails as the source does, or with `tool.failed`; what the tool prints is let go.
 */
export async function runFed(
  tool: PlacedTool,
  source: AsyncIterable<Buffer>,
  signal: AbortSignal,
): Promise<void> {
  const running = await spawnTool(tool, { signal });
  try {
    running.stdout.resume();
    await feed(source, running.stdin);
    const exit = await running.exited;
    if (exit.code !== 0) throw toolFailure(running, exit);
  } finally {
    await running.end(1);
  }
}
