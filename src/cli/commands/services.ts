import type { Command } from 'commander';
import { startServices } from '../../client/ask/services.js';
import { SteadyError } from '../../contracts/failures.js';
import type { ServicesResult, ServiceVerb } from '../../contracts/runs/services.js';
import { chosen } from '../arguments.js';
import { contextOf } from '../context.js';
import { watchRun } from '../watch.js';

interface Options {
  readonly all?: boolean;
  readonly dependents?: boolean;
  readonly reason: string;
  readonly wait: boolean;
}

const WORDS: Readonly<Record<ServiceVerb, string>> = {
  restart: 'restart services: what is needed first, one instance after another, until healthy',
  stop: 'stop services, what needs them first',
  start: 'start services and what they need, what is needed first; also on an empty host',
};

/** The commands restart, stop and start. */
export function addServiceCommands(program: Command): void {
  for (const verb of ['restart', 'stop', 'start'] as const) {
    const command = program
      .command(verb)
      .argument('[services...]', 'by their names in the stack file')
      .option('--all', 'all services of the stack')
      .option('--reason <text>', 'why, for the record and whoever is asked', '')
      .option('--no-wait', 'start the run and return')
      .description(WORDS[verb]);
    if (verb !== 'start') command.option('--dependents', 'also the services that cannot do without them');
    command.action(async (services: string[], options: Options, self: Command) => {
      await change(self, { verb, services, options });
    });
  }
}

async function change(
  command: Command,
  asked: { readonly verb: ServiceVerb; readonly services: string[]; readonly options: Options },
): Promise<void> {
  const { verb, options } = asked;
  const context = contextOf(command);
  const { output } = context;
  const { stack } = await context.load();
  const services = servicesOf(asked, Object.keys(stack.services));
  await context.withTemporal(async (steady) => {
    const { reason, dependents = false } = options;
    const handle = await startServices(await context.asking(steady), { verb, services, dependents, reason });
    output.line(`run ${handle.workflowId}`);
    if (!options.wait) {
      output.document({ run: handle.workflowId });
      return;
    }
    const result = await watchRun<ServicesResult>(steady, handle, output);
    output.document({ run: handle.workflowId, ...result });
  });
}

/** Which are meant: named, or all by a word of its own, for a slip must not stop everything. */
function servicesOf(
  { verb, services, options }: { verb: ServiceVerb; services: readonly string[]; options: Options },
  all: readonly string[],
): readonly string[] {
  if (services.length > 0 && options.all === true)
    throw new SteadyError('usage.invalid', { error: 'name services, or --all', services: services.join() });
  if (all.length === 0)
    throw new SteadyError(
      'usage.invalid',
      { error: 'the stack file names no services' },
      { hint: 'Name them under services in the stack file, then run `steady apply`.' },
    );
  if (services.length === 0 && options.all !== true)
    throw new SteadyError('usage.invalid', {
      error: `which ones to ${verb}: name them, or --all`,
      allowed: all.join(', '),
    });
  return chosen(services, all, 'service');
}
