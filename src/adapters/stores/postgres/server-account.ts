import { readFile } from 'node:fs/promises';
import { SteadyError } from '../../../contracts/failures.js';

export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

/**
 * The account a throwaway server runs as: PostgreSQL refuses root, so then it is the one that packages make. Undefined
 * when this process is not root and may start it as itself.
 */
export async function serverAccount(signal: AbortSignal): Promise<ServerAccount | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const accounts = await readFile('/etc/passwd', { encoding: 'utf8', signal });
  for (const name of ['postgres', 'nobody']) {
    const fields = accounts
      .split('\n')
      .find((line) => line.startsWith(`${name}:`))
      ?.split(':');
    if (fields?.[2] && fields[3]) return { uid: Number(fields[2]), gid: Number(fields[3]) };
  }
  throw new SteadyError('tool.missing', { tool: 'an account to run PostgreSQL as (postgres)' });
}

/** The command as that account. Changing the user clears the death signal set before, so it is set again after. */
export function asAccount(
  account: ServerAccount | undefined,
  argv: [string, ...string[]],
): [string, ...string[]] {
  if (account === undefined) return argv;
  const drop = ['--reuid', String(account.uid), '--regid', String(account.gid), '--clear-groups'];
  return ['setpriv', ...drop, '--pdeathsig', 'KILL', '--', ...argv];
}
