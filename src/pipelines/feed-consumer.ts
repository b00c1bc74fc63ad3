import { SteadyError } from '../contracts/failures.js';
import type { Flow } from './flow.js';
import { toolFailure } from './spawn-tool.js';
import type { Reading } from './start-reading.js';
import type { PlacedTool } from './tool.js';
import { writeChunk } from './write-chunk.js';

const STDOUT_MOST = 64 * 2 ** 20;

/** Feeds a reading to a tool and gives what the tool said on stdout (at most 64 MiB). */
export async function feedConsumer(flow: Flow, reading: Reading, consumer: PlacedTool): Promise<string> {
  const running = await flow.start(consumer);
  reading.consumer = running.label;
  const said: Buffer[] = [];
  let saidBytes = 0;
  running.stdout.on('data', (chunk: Buffer) => {
    saidBytes += chunk.length;
    if (saidBytes <= STDOUT_MOST) said.push(chunk);
    else
      flow.fail(
        new SteadyError('tool.failed', {
          tool: running.label,
          error: `more than ${STDOUT_MOST} bytes of output`,
        }),
      );
  });
  running.stdout.on('error', () => undefined);
  // One that fails is heard of at once, not with the next chunk.
  void running.exited.then((exit) => exit.code !== 0 && flow.fail(toolFailure(running, exit)));

  for await (const chunk of reading.bytes) {
    if (await flow.wait(reading.deliver.during(writeChunk(running.stdin, chunk)))) continue;
    const exit = await flow.wait(reading.exit.during(running.exited));
    if (exit.code !== 0) throw toolFailure(running, exit);
    throw new SteadyError('tool.failed', {
      tool: running.label,
      exit: 0,
      error: 'ended before it had read everything',
    });
  }
  running.stdin.end();
  const exit = await flow.wait(reading.exit.during(running.exited));
  if (exit.code !== 0) throw toolFailure(running, exit);
  return Buffer.concat(said).toString('utf8');
}
