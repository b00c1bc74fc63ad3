import pc from 'picocolors';

export interface Output {
  readonly json: boolean;
  /** Moving lines make sense: people look, on a terminal. */
  readonly live: boolean;
  readonly color: ReturnType<typeof pc.createColors>;
  /** A line for people; nothing with --json. */
  line(text?: string): void;
  /** The one document of --json; nothing for people. */
  document(value: unknown): void;
  /** Goes to stderr, for people and pipes alike. */
  warn(text: string): void;
}

export function createOutput(options: { json: boolean }): Output {
  const terminal = process.stdout.isTTY && !options.json;
  const dumb = process.env['TERM'] === 'dumb';
  return {
    json: options.json,
    live: terminal && !dumb,
    color: pc.createColors(terminal && !dumb && !process.env['NO_COLOR']),
    line: (text = '') => {
      if (!options.json) process.stdout.write(`${text}\n`);
    },
    document: (value) => {
      if (options.json) process.stdout.write(`${JSON.stringify(value)}\n`);
    },
    warn: (text) => process.stderr.write(`${text}\n`),
  };
}
