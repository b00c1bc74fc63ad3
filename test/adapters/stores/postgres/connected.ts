import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { PostgresService } from '../../../services/postgres.js';

/** A client that stays connected, as an application or a person would be. */
export interface Client {
  /** Sends SQL and resolves with what it printed, once it has been answered. */
  ask(sql: string): Promise<string>;
  /** Sends SQL without waiting for the answer. */
  send(sql: string): void;
  /** Resolves when the connection has ended. */
  readonly ended: Promise<void>;
  close(): Promise<void>;
}

export function connect(pg: PostgresService, database: string, env: NodeJS.ProcessEnv = {}): Client {
  const child = spawn(
    'setpriv',
    ['--pdeathsig', 'KILL', '--', join(pg.bin, 'psql'), '-X', '-q', '-A', '-t', '-v', 'ON_ERROR_STOP=1'],
    { env: { ...pg.env(database), ...env }, stdio: ['pipe', 'pipe', 'pipe'] },
  );
  child.stdin.on('error', () => undefined);
  let output = '';
  let wake = (): void => undefined;
  const words: string[] = [];
  child.stderr.on('data', (chunk: Buffer) => words.push(chunk.toString('utf8')));
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString('utf8');
    wake();
  });
  let over = false;
  const ended = new Promise<void>((resolve) =>
    child.once('close', () => {
      over = true;
      wake();
      resolve();
    }),
  );
  const send = (sql: string): void => void child.stdin.write(`${sql};\n`);
  return {
    send,
    ended,
    async ask(sql) {
      output = '';
      send(sql);
      child.stdin.write('\\echo <answered>\n');
      while (!output.includes('<answered>\n')) {
        if (over) throw new Error(`the connection has ended: ${words.join('')}`);
        await new Promise<void>((resolve) => (wake = resolve));
      }
      return output.slice(0, output.indexOf('<answered>')).trimEnd();
    },
    async close() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Waits until something is so, looking often; throws after ten seconds. */
export async function until(what: string, look: () => boolean | Promise<boolean>): Promise<void> {
  for (const end = Date.now() + 10_000; Date.now() < end;) {
    if (await look()) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  throw new Error(`waited in vain until ${what}`);
}
