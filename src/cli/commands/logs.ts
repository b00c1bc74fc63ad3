import type { Command } from 'commander';
import { resolveMoment } from '../../config/moment.js';
import { SteadyError } from '../../contracts/failures.js';
import type { LogAnswer, LogQuery } from '../../contracts/runs/logs.js';
import { parseDuration } from '../../contracts/stack/units.js';
import { countOf, oneOfWords } from '../arguments.js';
import { ask } from '../ask.js';
import { contextOf } from '../context.js';
import { countText } from '../words.js';

interface Options {
  readonly tail: string;
  readonly since?: string;
  readonly previous?: boolean;
  readonly level?: string;
  readonly requestId?: string;
  readonly field?: string[];
  readonly group?: boolean;
}

/** More is for the runtime's own command: what is read here stays in a history for months. */
const MOST_LINES = 1000;

export function addLogsCommand(program: Command): void {
  program
    .command('logs')
    .argument('<service>', 'by its name in the stack file')
    .option('--tail <lines>', 'how many of the last lines that fit', '100')
    .option('--since <time>', 'only since then: a duration such as 15m, or a date')
    .option('--previous', 'only from before its last start')
    .option('--level <level>', 'error: lines that tell of one')
    .option('--request-id <id>', 'lines of one request: those whose request_id it is')
    .option('--field <name=value...>', 'lines that tell this, in JSON or as name=value')
    .option('--group', 'count lines that say the same but for times, ids and numbers')
    .description('the log of a service, wherever it runs, without the secrets of the stack')
    .action(async (service: string, options: Options, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      const query = queryOf(service, options, stack);
      const answer = await ask<LogAnswer>(context, { what: 'log', log: query });
      const said =
        options.group === true
          ? answer.groups.map((one) => `${String(one.count).padStart(6)}  ${one.example}`)
          : answer.lines;
      said.forEach((line) => output.line(line));
      if (answer.found === 0) output.warn(`no line fits, of ${countText(answer.looked, 'line')} looked at`);
      output.document({ ...answer });
    });
}

function queryOf(
  service: string,
  options: Options,
  stack: { readonly services: Readonly<Record<string, unknown>>; readonly timezone: string },
): LogQuery {
  oneOfWords('service', service, Object.keys(stack.services));
  if (options.level !== undefined) oneOfWords('level', options.level, ['error']);
  if (options.since !== undefined && options.previous === true)
    throw new SteadyError('usage.invalid', { error: '--since and --previous exclude each other' });
  const fields = Object.fromEntries((options.field ?? []).map(fieldOf));
  if (options.requestId !== undefined) fields['request_id'] = options.requestId;
  return {
    service,
    lines: countOf('tail', options.tail, MOST_LINES),
    ...(options.since !== undefined && { since: momentOf(options.since, stack.timezone) }),
    ...(options.previous === true && { previous: true }),
    ...(options.level !== undefined && { errors: true }),
    fields,
  };
}

function fieldOf(text: string): [string, string] {
  const at = text.indexOf('=');
  if (at < 1) throw new SteadyError('usage.invalid', { field: text, allowed: 'name=value' });
  return [text.slice(0, at), text.slice(at + 1)];
}

/** `15m` is that long ago. */
function momentOf(text: string, zone: string): string {
  const seconds = parseDuration(text);
  return seconds === undefined
    ? resolveMoment(text, zone, { dateMeans: 'start' }).toISOString()
    : new Date(Date.now() - seconds * 1000).toISOString();
}
