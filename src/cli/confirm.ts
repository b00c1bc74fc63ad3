import { createInterface } from 'node:readline/promises';
import { SteadyError } from '../contracts/failures.js';

/** Asks on a terminal and goes on only after `yes`. Throws `cancelled` for anything else, the end of input too. */
export async function confirm(
  question: string,
  terminal: { readonly input: NodeJS.ReadableStream; readonly output: NodeJS.WritableStream },
): Promise<void> {
  const lines = createInterface(terminal);
  const closed = new Promise<string>((resolve) => lines.once('close', () => resolve('')));
  try {
    const answer = await Promise.race([lines.question(`${question} (yes/no) `), closed]);
    if (answer.trim().toLowerCase() === 'yes') return;
  } finally {
    lines.close();
  }
  throw new SteadyError('cancelled', { answer: 'not yes', done: 'nothing' });
}
