import { SteadyError } from '../../contracts/failures.js';
import { runTool } from '../../pipelines/run-tool.js';
import type { Throwaway } from '../runtimes/port.js';

/**
 * The first of these accounts that a container's image knows, as `uid:gid`: its servers must not run as root, and some
 * of them refuse an account that has no line in /etc/passwd.
 */
export async function accountIn(
  container: Throwaway,
  names: readonly string[],
  signal: AbortSignal,
): Promise<string> {
  const { stdout } = await runTool(container.place({ argv: ['cat', '/etc/passwd'] }), { signal });
  const accounts = stdout.split('\n').map((line) => line.split(':'));
  for (const name of names) {
    const [, , uid, gid] = accounts.find(([account]) => account === name) ?? [];
    if (uid !== undefined && gid !== undefined) return `${uid}:${gid}`;
  }
  throw new SteadyError('tool.missing', {
    tool: `an account in ${container.label}`,
    wanted: names.join(' or '),
  });
}
