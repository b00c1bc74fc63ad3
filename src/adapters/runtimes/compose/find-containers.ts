import { SteadyError } from '../../../contracts/failures.js';
import type { Secret } from '../../../contracts/secret.js';
import { runTool, type RunToolOptions } from '../../../pipelines/run-tool.js';
import type { CallOptions } from '../port.js';
import {
  composePs,
  containerInspect,
  containerPs,
  engineEnv,
  type Argv,
  type ComposeTarget,
} from './argv.js';
import { parseInspect, type Container } from './containers.js';

/** Runs a short command of compose or the engine in the folder of the stack file. */
export type RunCommand = (
  argv: Argv,
  options?: CallOptions &
    Pick<RunToolOptions, 'limitSeconds' | 'okCodes' | 'input'> & {
      /** Variables of the command itself, which it hands on by name. */
      readonly secrets?: Readonly<Record<string, Secret>>;
    },
) => Promise<{ readonly stdout: string; readonly code: number }>;

export function createRunCommand(target: ComposeTarget, baseFolder: string): RunCommand {
  const env = engineEnv(target);
  return (argv, { secrets, ...options } = {}) =>
    runTool({ argv, env, cwd: baseFolder, label: argv[0], ...(secrets && { secrets }) }, options);
}

/** Every container of the project but those of `compose run`, stopped ones included. */
export async function projectContainers(
  target: ComposeTarget,
  run: RunCommand,
  options?: CallOptions,
): Promise<Container[]> {
  const list =
    target.project === undefined
      ? composePs(target, { ids: true })
      : containerPs(target, { labels: [`com.docker.compose.project=${target.project}`] });
  const found = await inspectListed(target, run, list, options);
  return found.filter((container) => container.service !== undefined && !container.oneOff);
}

/**
 * Lists ids, then inspects them. One that goes in between makes the inspection fail: what was described counts then, if a
 * second list no longer has what was not.
 */
export async function inspectListed(
  target: ComposeTarget,
  run: RunCommand,
  list: Argv,
  options?: CallOptions,
): Promise<Container[]> {
  const listed = async (): Promise<string[]> =>
    (await run(list, options)).stdout.split('\n').filter((line) => line !== '');
  for (let attempt = 1; ; attempt++) {
    const ids = await listed();
    if (ids.length === 0) return [];
    const okCodes = attempt < ATTEMPTS ? [0, ...NOT_ALL_FOUND] : [0];
    const { code, stdout } = await run(containerInspect(target, ids), { ...options, okCodes });
    if (code === 0) return parseInspect(stdout);
    const found = described(stdout);
    const missing = ids.filter((id) => !found.some((one) => one.id.startsWith(id)));
    const still = await listed();
    if (missing.length > 0 && missing.every((id) => !still.includes(id))) return found;
  }
}

const ATTEMPTS = 5;
/** Of docker and nerdctl, and of podman. */
const NOT_ALL_FOUND = [1, 125];

/** What an inspection that failed has described before. */
function described(stdout: string): Container[] {
  try {
    return parseInspect(stdout);
  } catch {
    return [];
  }
}

/** The containers of one service; fails when there are none. */
export async function serviceContainers(
  target: ComposeTarget,
  run: RunCommand,
  service: string,
  options?: CallOptions,
): Promise<[Container, ...Container[]]> {
  const [first, ...rest] = (await projectContainers(target, run, options)).filter(
    (one) => one.service === service,
  );
  if (first === undefined) throw new SteadyError('service.failed', { service, error: 'it has no container' });
  return [first, ...rest];
}
