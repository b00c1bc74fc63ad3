import { SteadyError } from '../../contracts/failures.js';
import type { CheckConfig } from '../../contracts/stack/checks.js';
import type { RuntimePort, ServiceHandle } from '../runtimes/port.js';
import { excerpt } from './excerpt.js';
import type { ProbeResult } from './port.js';

export interface LogCheckOptions {
  readonly runtime: Pick<RuntimePort, 'logs'>;
  readonly service: (name: string) => ServiceHandle;
  readonly signal?: AbortSignal | undefined;
}

/** Looks at the last lines of a service's log for a text that must not be there. */
export async function checkLog(
  check: NonNullable<CheckConfig['log']>,
  options: LogCheckOptions,
): Promise<ProbeResult> {
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const unwanted = JSON.stringify(check.without);
  try {
    const log = await options.runtime.logs(options.service(check.service), {
      lines: check.lines,
      ...(options.signal && { signal: options.signal }),
    });
    const lines = log.split('\n').filter((line) => line !== '');
    const found = lines.filter((line) => line.includes(check.without));
    if (found.length === 0)
      return { passed: true, answer: `${lines.length} lines without ${unwanted}`, seconds: seconds() };
    const answer = excerpt(
      `${found.length} of the last ${lines.length} lines hold ${unwanted}: ${found.at(-1)}`,
    );
    return { passed: false, answer, seconds: seconds() };
  } catch (error) {
    if (
      !(error instanceof SteadyError) ||
      !['tool.failed', 'stream.stalled', 'service.failed'].includes(error.code)
    )
      throw error;
    return { passed: false, answer: excerpt(error.message), seconds: seconds() };
  }
}
