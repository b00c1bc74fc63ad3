import type { Message } from './message.js';

/** One line for a subject or the beginning of a chat message. */
export function messageSubject({ stack, title, state }: Message): string {
  return `[steady ${stack}] ${state === 'over' ? `over: ${title}` : title}`;
}

/** The rest of a message as people read it, a line each. */
export function messageLines(message: Message): string[] {
  const { lines, failure, asked, next, run, records, at, id } = message;
  return [
    ...lines,
    ...(failure ? [`${failure.code}: ${failure.message}`, failure.hint] : []),
    ...(asked
      ? [`asked of ${asked.from}: ${asked.of.join(', ')}${needed(asked.count)}, until ${asked.until}`]
      : []),
    ...(asked ? [`digest of what is asked: ${asked.digest}`] : []),
    ...next.map((command) => `next: ${command}`),
    ...(run ? [`run ${run.workflowId}, asked by ${run.by}`] : []),
    ...(records ? [`records: number ${records.number}, ${records.sha256}`] : []),
    `${at}, event ${id}`,
  ];
}

const needed = (count: number): string => (count > 1 ? ` (${count} of them)` : '');
