import { SteadyError } from '../../../contracts/failures.js';
import { spawnTool } from '../../../pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../pipelines/tool.js';
import { withHolder } from './lock-holder.js';
import { markedOutput } from './marked-output.js';
import { quoteLiteral } from './quote.js';
import { sqlFailure } from './sql-failure.js';

/** A psql that stays: one connection, so that transactions, locks and snapshots last as long as it. */
export interface Session {
  /** Runs one statement (no `;` at its end) and gives what it printed. */
  run(sql: string): Promise<string>;
  /** A statement that answers one JSON value; undefined when it answers nothing or NULL. */
  json<T>(sql: string): Promise<T>;
  /** `COPY … TO STDOUT` as it comes. Read it to its end: a reader that stops early ends the session. */
  copyOut(sql: string): AsyncGenerator<Buffer, void>;
  /** Ends the connection in order. */
  close(): Promise<void>;
  /** Ends the process, whatever it is doing; safe after `close`. */
  end(): Promise<void>;
}

export interface SessionOptions {
  readonly signal: AbortSignal;
  /** Settings of the connection; those the server does not know are left out. */
  readonly settings: Readonly<Record<string, string>>;
  /** Makes the failure of a connection that could not be made or broke, from psql's last words. */
  readonly broken: (words: string) => Promise<SteadyError>;
}

/** psql prints this after each statement; SQLSTATE is its own variable (psql manual), so no message is parsed. */
const TELL = String.raw`\echo '\\.' :SQLSTATE`;
const TELL_MESSAGE = String.raw`\echo :LAST_ERROR_MESSAGE
\echo '\\.' 00000`;

export const SESSION_ARGS = ['-X', '-q', '-A', '-t', '--no-password'] as const;

/** Opens a session; fails with `store.unreachable`, `store.denied` or `store.pooler`. */
export async function openSession(tool: PlacedTool, options: SessionOptions): Promise<Session> {
  const running = await spawnTool(tool, { signal: options.signal });
  const output = markedOutput(running.stdout);
  let over = false;
  let gone = false;
  void running.exited.then(() => (gone = true));

  const broke = async (): Promise<SteadyError> => {
    over = true;
    await running.end(1);
    if (options.signal.aborted) return new SteadyError('cancelled', { tool: tool.label });
    return options.broken(running.lastWords());
  };
  async function* ask(text: string): AsyncGenerator<Buffer, void> {
    if (over) throw await broke();
    running.stdin.write(`${text}\n`);
    let ended = false;
    try {
      const answer = output.answer();
      let next = await answer.next();
      for (; !next.done; next = await answer.next()) yield next.value;
      ended = true;
      if (next.value === undefined) throw await broke();
      if (next.value !== '00000') throw sqlFailure(next.value, await message(), tool.label);
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
    for await (const chunk of ask(sql)) chunks.push(chunk);
    return Buffer.concat(chunks).toString('utf8').trimEnd();
  };
  const message = (): Promise<string> => text(TELL_MESSAGE);
  const run = (sql: string): Promise<string> => text(`${sql}\n;\n${TELL}`);

  const session: Session = {
    run,
    async json<T>(sql: string) {
      const answer = await run(sql);
      return (answer === '' ? undefined : JSON.parse(answer)) as T;
    },
    copyOut: (sql) => ask(`${sql}\n;\n${TELL}`),
    async close() {
      if (!over) running.stdin.end('\\q\n');
      over = true;
      const timer = setTimeout(() => void running.end(0), 5000);
      // Reading the end of the output is what lets the process be seen as gone.
      await output.answer().next();
      await running.exited;
      clearTimeout(timer);
    },
    async end() {
      over = true;
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
