import { Agent, request } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

export interface Load {
  /** How often each answer came, by its body. */
  readonly answers: ReadonlyMap<string, number>;
  /** What went wrong, a line each. */
  readonly failed: readonly string[];
  /** When an answer came last that is not this one, ms since the epoch. */
  lastOther(body: string): number;
  stop(): Promise<void>;
}

/**
 * A client that counts: so many at a time ask one after another, each on a connection of its own, and some have a slow
 * request under way all the while. Every answer but 200 and every broken connection counts as failed.
 */
export function startLoad(to: { readonly host?: string; readonly port: number }, clients = 6): Load {
  const answers = new Map<string, number>();
  const last = new Map<string, number>();
  const failed: string[] = [];
  let stopped = false;
  const agent = new Agent({ keepAlive: false });
  const ask = (path: string): Promise<void> =>
    new Promise((resolve) => {
      const fail = (why: string): void => {
        failed.push(`${new Date().toISOString()} ${path}: ${why}`);
        resolve();
      };
      const asked = request({ host: '127.0.0.1', ...to, path, agent, timeout: 10_000 }, (answer) => {
        let body = '';
        answer
          .setEncoding('utf8')
          .on('data', (text: string) => (body += text))
          .once('error', (error) => fail(error.message))
          .once('end', () => {
            if (answer.statusCode !== 200) return fail(`status ${answer.statusCode}`);
            answers.set(body, (answers.get(body) ?? 0) + 1);
            last.set(body, Date.now());
            resolve();
          });
      });
      asked
        .once('error', (error) => fail(error.message))
        .once('timeout', () => asked.destroy(new Error('timeout')));
      asked.end();
    });
  const client = async (path: string): Promise<void> => {
    while (!stopped) {
      await ask(path);
      // Some hundred a second, on machines of two cores.
      await sleep(10);
    }
  };
  const running = Array.from({ length: clients }, (_, at) => client(at === 0 ? '/slow' : '/'));
  return {
    answers,
    failed,
    lastOther: (body) => Math.max(0, ...[...last].filter(([other]) => other !== body).map(([, at]) => at)),
    async stop() {
      stopped = true;
      await Promise.all(running);
    },
  };
}
