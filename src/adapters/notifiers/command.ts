import { SteadyError } from '../../contracts/failures.js';
import type { Secret } from '../../contracts/secret.js';
import { runTool } from '../../pipelines/run-tool.js';
import type { NotifierPort } from './port.js';

const LIMIT_SECONDS = 45;

export interface CommandOptions {
  readonly run: readonly string[];
  /** Its working directory: the stack file's. */
  readonly baseFolder: string;
  readonly env: Readonly<Record<string, Secret>>;
}

/** A program of the user's own, with the JSON on its stdin. It must exit 0. */
export function createCommand({ run, baseFolder, env }: CommandOptions): NotifierPort {
  const [program = '', ...args] = run;
  return {
    async send(message, signal) {
      const tool = {
        argv: [program, ...args] as const,
        label: program,
        cwd: baseFolder,
        secrets: env,
        apart: true,
      };
      const options = { signal, input: `${JSON.stringify(message)}\n`, limitSeconds: LIMIT_SECONDS };
      try {
        await runTool(tool, options);
        return 'exit 0';
      } catch (error) {
        if (!(error instanceof SteadyError) || !['tool.failed', 'stream.stalled'].includes(error.code))
          throw error;
        throw new SteadyError('notify.unreachable', { ...error.facts });
      }
    },
  };
}
