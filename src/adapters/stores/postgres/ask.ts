import { SteadyError } from '../../../contracts/failures.js';
import { runTool } from '../../../pipelines/run-tool.js';
import type { StoreCall } from '../port.js';
import { openAccess, type Access, type StoreOptions } from './access.js';

/** Longest time for a question of the user's, in seconds. */
const ASK_SECONDS = 600;

/** A question of the user's to the live database: SQL, and the one value it answers as text. */
export async function ask(
  options: StoreOptions,
  call: StoreCall,
  question: readonly string[],
): Promise<string> {
  const [sql] = question;
  if (sql === undefined || question.length !== 1)
    throw new SteadyError('check.failed', { check: question.join(' '), error: 'must be one SQL text' });
  const { database } = options.config;
  return askIn(await openAccess(options, call, database), database, sql);
}

/** SQL of the user's goes by `-c`, so that nothing in it is taken for a psql command. */
export async function askIn(access: Access, database: string, sql: string): Promise<string> {
  const args = ['-X', '-A', '-t', '-q', '--no-password', '-v', 'ON_ERROR_STOP=1', '-c', sql];
  const tool = access.tool('psql', args, { database });
  const answer = await runTool(tool, { signal: access.call.signal, limitSeconds: ASK_SECONDS });
  return answer.stdout.replace(/\r?\n$/, '');
}

/** SQL that must answer true. Fails with `check.failed` and the answer. */
export async function mustBeTrue(access: Access, database: string, sql: string): Promise<void> {
  const answer = await askIn(access, database, sql);
  if (answer !== 't' && answer !== 'true')
    throw new SteadyError('check.failed', { check: sql, answer: answer.slice(0, 200) });
}
