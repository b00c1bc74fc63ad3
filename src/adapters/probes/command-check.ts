import { SteadyError } from '../../contracts/failures.js';
import type { CheckConfig } from '../../contracts/stack/checks.js';
import { runTool } from '../../pipelines/run-tool.js';
import { excerpt } from './excerpt.js';
import type { ProbeResult } from './port.js';

export interface CommandCheckOptions {
  readonly baseFolder: string;
  /** Longest time in seconds, even when the check itself would wait longer. */
  readonly atMostSeconds: number;
  readonly signal?: AbortSignal | undefined;
}

/** Longest time when the check names none. */
const DEFAULT_SECONDS = 60;

/** Runs a program on the worker; it must exit 0, and its output hold what is expected. Throws `tool.missing`. */
export async function checkCommand(
  check: NonNullable<CheckConfig['command']>,
  options: CommandCheckOptions,
): Promise<ProbeResult> {
  const begun = performance.now();
  const seconds = (): number => (performance.now() - begun) / 1000;
  const [program = '', ...args] = check.argv;
  try {
    const output = await runTool(
      { argv: [program, ...args], label: program, cwd: options.baseFolder },
      {
        limitSeconds: Math.min(check.within ?? DEFAULT_SECONDS, options.atMostSeconds),
        ...(options.signal && { signal: options.signal }),
      },
    );
    const text = `${output.stdout}\n${output.stderr}`;
    const passed = check.expect === undefined || text.includes(check.expect);
    const answer = excerpt(passed ? text : `${JSON.stringify(check.expect)} is not in its output: ${text}`);
    return { passed, answer: answer === '' ? 'exit 0' : answer, seconds: seconds() };
  } catch (error) {
    if (!(error instanceof SteadyError) || !['tool.failed', 'stream.stalled'].includes(error.code))
      throw error;
    return { passed: false, answer: excerpt(error.message), seconds: seconds() };
  }
}
