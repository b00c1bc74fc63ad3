import type { Command } from 'commander';
import type { RevisionLine } from '../../contracts/runs/deploy.js';
import { oneOfWords } from '../arguments.js';
import { ask } from '../ask.js';
import { contextOf } from '../context.js';
import { agoText, table } from '../words.js';

export function addHistoryCommand(program: Command): void {
  program
    .command('history')
    .argument('<service>', 'by its name in the stack file')
    .description('the revisions of a service: image, settings, who, when, how it went; `*` runs now')
    .action(async (service: string, _options: unknown, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      oneOfWords('service', service, Object.keys(stack.services));
      const revisions = await ask<RevisionLine[]>(context, { what: 'revisions', services: [service] });
      if (revisions.length === 0)
        output.line(`No revisions of ${service} yet: its first deploy begins with one.`);
      else rowsOf(revisions).forEach((line) => output.line(line));
      output.document({ service, revisions });
    });
}

/** The newest first. */
export function rowsOf(revisions: readonly RevisionLine[], now = Date.now()): string[] {
  const rows = [...revisions].reverse().map((one) => {
    const last = one.verdicts.at(-1);
    return [
      one.running > 0 ? '*' : '',
      String(one.number),
      one.image.name,
      one.image.id.replace(/^sha256:/, '').slice(0, 12),
      one.image.commit?.slice(0, 12) ?? '',
      settingsText(one),
      one.origin === 'found' ? 'found' : one.by,
      agoText(one.at, now),
      last?.verdict ?? 'not finished',
    ];
  });
  return table(
    [['', 'REVISION', 'IMAGE', 'ID', 'COMMIT', 'SETTINGS', 'BY', 'WHEN', 'VERDICT'], ...rows],
    [1],
  );
}

const settingsText = ({ settings: { env, memory, cpus } }: RevisionLine): string =>
  [
    ...Object.entries(env).map(([name, value]) => `${name}=${value}`),
    ...(memory === undefined ? [] : [`memory=${memory}`]),
    ...(cpus === undefined ? [] : [`cpus=${cpus}`]),
  ].join(' ');
