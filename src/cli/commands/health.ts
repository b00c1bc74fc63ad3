import type { Command } from 'commander';
import type { ServiceHealth } from '../../contracts/runs/health.js';
import { SteadyError } from '../../contracts/failures.js';
import { chosen } from '../arguments.js';
import { ask } from '../ask.js';
import { contextOf } from '../context.js';
import { agoText, countText, table } from '../words.js';

/** Kinds of errors that are shown of one service. */
const MOST_ERRORS = 5;

export function addHealthCommand(program: Command): void {
  program
    .command('health')
    .argument('[services...]', 'by their names in the stack file; left out: all')
    .option('--detailed', 'each instance, ports, and the errors of the logs')
    .description('how services are now; exit 1 when one that something needs is not well')
    .action(async (given: string[], options: { detailed?: boolean }, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      const all = Object.keys(stack.services);
      if (all.length === 0)
        throw new SteadyError('usage.invalid', { error: 'the stack file names no services' });
      const services = chosen(given, all, 'service');
      const found = await ask<ServiceHealth[]>(context, { what: 'health', services });
      table(found.map((one) => rowOf(one))).forEach((line, at) => {
        output.line(line);
        const one = found[at];
        if (one === undefined) return;
        one.problems.forEach((why) => output.line(`    ${why}`));
        if (options.detailed === true) detailLines(one).forEach((detail) => output.line(`    ${detail}`));
      });
      output.document({ services: found });
      if (found.some((one) => one.required && one.problems.length > 0)) process.exitCode = 1;
    });
}

export function rowOf(one: ServiceHealth, now = Date.now()): string[] {
  const up = one.instances.filter(({ status }) => status === 'running').length;
  const started = one.instances.flatMap(({ startedAt }) => startedAt ?? []).sort();
  const revisions = [...new Set(one.instances.flatMap(({ revision }) => revision ?? []))];
  const [oldest] = started;
  return [
    one.problems.length === 0 ? (one.status === 'unknown' ? '?' : '✓') : one.required ? '✗' : '!',
    one.service,
    one.problems.length > 0 && !one.required ? `${one.status}, optional` : one.status,
    one.instances.length > 1 ? `${up}/${one.instances.length}` : '',
    one.check === undefined
      ? ''
      : one.check.passed
        ? `healthy (${one.check.seconds.toFixed(2)} s)`
        : 'not healthy',
    revisions.length === 0 ? '' : `revision ${revisions.join(', ')}`,
    oldest === undefined ? '' : `started ${agoText(oldest, now)}`,
    one.restarts ? countText(one.restarts, 'restart') : '',
  ];
}

function detailLines(one: ServiceHealth): string[] {
  const errors = one.errors.slice(0, MOST_ERRORS);
  return [
    ...one.instances.map((instance) =>
      [instance.name, instance.status, instance.health, instance.image].filter(Boolean).join('  '),
    ),
    ...(one.ports.length === 0 ? [] : [`ports ${one.ports.join(', ')}`]),
    ...(one.check?.passed === true ? [`health check: ${one.check.answer}`] : []),
    ...errors.map((group) => `${group.count} × ${group.example}`),
  ];
}
