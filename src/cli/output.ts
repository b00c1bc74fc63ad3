import pc from 'picocolors';
import { plainLine, plainText } from './plain-text.js';

export interface Output {
  readonly json: boolean;
  /** Moving lines make sense: people look, on a terminal. */
  readonly live: boolean;
  /** There is somebody to ask a question. */
  readonly asks: boolean;
  readonly color: ReturnType<typeof pc.createColors>;
  /** A line for people; nothing with --json. */
  line(text?: string): void;
  /** The one document of --json; nothing for people. */
  document(value: unknown): void;
  /** Goes to stderr, for people and pipes alike. */
  warn(text: string): void;
}

export function createOutput(options: { json: boolean }): Output {
  // In a pipe isTTY is undefined, whatever its type says; picocolors would then ask CI and FORCE_COLOR.
  const terminal = Boolean(process.stdout.isTTY) && !options.json;
  const dumb = process.env['TERM'] === 'dumb';
  return {
    json: options.json,
    live: terminal && !dumb,
    asks: terminal && process.stdin.isTTY,
    color: pc.createColors(terminal && !dumb && !process.env['NO_COLOR']),
    line: (text = '') => {
      if (!options.json) process.stdout.write(`${plainLine(text)}\n`);
    },
    document: (value) => {
      if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    warn: (text) => process.stderr.write(`${plainText(text)}\n`),
  };
}
