import { SteadyError } from '../../../contracts/failures.js';
import { spawnTool } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import { withHolder } from './lock-holder.js';
import { markedOutput, newMark } from './marked-output.js';
import { quoteLiteral } from './quote.js';
import { sqlFailure } from './sql-failure.js';

/** A psql that stays: one connection, so that transactions, locks and snapshots last as long as it. */
export interface Session {
  /** Runs one statement (no `;` at its end) and gives what it printed. */
  run(sql: string): Promise<string>;
  /** A statement that answers one JSON value; undefined when it answers nothing or NULL. */
  json<T>(sql: string): Promise<T>;
  /** Copies a table or a query out (`what`, in one line and in plain quotes: psql reads it), with the options of COPY. */
  copyOut(copy: { readonly what: string; readonly options: string }): CopyOut;
  /** Ends the connection in order. */
  close(): Promise<void>;
  /** Ends the process, whatever it is doing; safe after `close`. */
  end(): Promise<void>;
}

export interface CopyOut {
  /**
   * The bytes as they come, a chunk good until the next one is asked for. Read them to their end: a reader that stops
   * early ends the session.
   */
  readonly bytes: AsyncGenerator<Buffer, void>;
  /** How many rows they were, as the server said at their end. */
  rows(): number;
}

export interface SessionOptions {
  readonly signal: AbortSignal;
  /** Settings of the connection; those the server does not know are left out. */
  readonly settings: Readonly<Record<string, string>>;
  /** Makes the failure of a connection that could not be made or broke, from psql's last words. */
  readonly broken: (words: string) => Promise<SteadyError>;
}

export const SESSION_ARGS = ['-X', '-q', '-A', '-t', '--no-password'] as const;

/** Opens a session; fails with `store.unreachable`, `store.denied` or `store.pooler`. */
export async function openSession(tool: PlacedTool, options: SessionOptions): Promise<Session> {
  const running = await spawnTool(tool, { signal: options.signal, reuseOutput: true });
  const mark = newMark();
  // Variables of psql itself (its manual), so that no message is parsed.
  const tell = `\\echo ${mark} :SQLSTATE :ROW_COUNT`;
  const tellMessage = `\\echo :LAST_ERROR_MESSAGE\n\\echo ${mark} 00000 0`;
  const output = markedOutput(running.chunks, mark);
  let over = false;
  let gone = false;
  void running.exited.then(() => (gone = true));

  const broke = async (): Promise<SteadyError> => {
    over = true;
    await running.end(1);
    if (options.signal.aborted) return new SteadyError('cancelled', { tool: tool.label });
    return options.broken(running.lastWords());
  };
  async function* ask(text: string, onRows?: (rows: number) => void): AsyncGenerator<Buffer, void> {
    if (over) throw await broke();
    running.stdin.write(`${text}\n`);
    let ended = false;
    try {
      const answer = output.answer();
      let next = await answer.next();
      for (; !next.done; next = await answer.next()) yield next.value;
      ended = true;
      if (next.value === undefined) throw await broke();
      const [sqlstate = '', rows] = next.value.split(' ');
      if (sqlstate !== '00000') throw sqlFailure(sqlstate, await message(), tool.label);
      onRows?.(Number(rows));
    } finally {
      // What was not read would be taken for the answer to the next statement.
      if (!ended) {
        over = true;
        await running.end(1);
      }
    }
  }
  const text = async (sql: string): Promise<string> => {
    const chunks: Buffer[] = [];
    for await (const chunk of ask(sql)) chunks.push(Buffer.from(chunk));
    return Buffer.concat(chunks).toString('utf8').trimEnd();
  };
  const message = (): Promise<string> => text(tellMessage);
  const run = (sql: string): Promise<string> => text(`${sql}\n;\n${tell}`);

  const session: Session = {
    run,
    async json<T>(sql: string) {
      const answer = await run(sql);
      return (answer === '' ? undefined : JSON.parse(answer)) as T;
    },
    copyOut({ what, options: given }) {
      let rows = 0;
      // The server's count of the rows is kept only where they go elsewhere than answers do. What psql itself refuses
      // leaves the count that was there before.
      const sql = `\\set ROW_COUNT none\n\\o /dev/null\n\\copy ${what} to pstdout ${given}\n\\o\n${tell}`;
      const onRows = (found: number): void => {
        if (!Number.isInteger(found))
          throw new SteadyError('tool.failed', { tool: tool.label, says: running.lastWords() });
        rows = found;
      };
      return { bytes: ask(sql, onRows), rows: () => rows };
    },
    async close() {
      if (!over) running.stdin.end('\\q\n');
      over = true;
      const timer = setTimeout(() => void running.end(0), 5000);
      // Reading the end of the output is what lets the process be seen as gone.
      await output.answer().next();
      await running.exited;
      clearTimeout(timer);
      running.discard();
    },
    async end() {
      over = true;
      running.discard();
      if (!gone) await running.end(1);
    },
  };
  const wanted = Object.entries(options.settings).map(
    ([name, value]) => `(${quoteLiteral(name)}, ${quoteLiteral(value)})`,
  );
  await run(
    `SELECT pg_catalog.set_config(s.name, w.value, false) FROM pg_catalog.pg_settings s JOIN (VALUES ${wanted.join(', ')}) w (name, value) ON s.name = w.name`,
  );
  return session;
}

/** Opens, hands over and closes; after a failure the process is ended. */
export async function withSession<T>(
  open: Promise<Session>,
  use: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await open;
  try {
    const result = await use(session);
    await session.close();
    return result;
  } catch (failure) {
    const error = await withHolder(session, failure);
    await session.end();
    throw error;
  }
}
