import { runTool } from './run-tool.js';

/**
 * Versions of tools on this machine as they tell them themselves (`--version`, its first line), by name.
 *
 * @throws `tool.missing` for the first that is not there
 */
export async function checkTools<Name extends string>(
  names: readonly Name[],
  options: { readonly signal?: AbortSignal } = {},
): Promise<Record<Name, string>> {
  const versions: Partial<Record<Name, string>> = {};
  for (const name of names) {
    const answer = await runTool(
      { label: name, argv: [name, '--version'] },
      { ...options, limitSeconds: 10 },
    );
    const line = (answer.stdout.trim() || answer.stderr).split('\n')[0] ?? '';
    versions[name] = /\d+(?:\.\d+)+/.exec(line)?.[0] ?? line;
  }
  return versions as Record<Name, string>;
}
