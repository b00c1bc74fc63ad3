import type { Command } from 'commander';
import { assertKept, plannedMoments, type PlannedMoment } from '../../../client/backfill.js';
import { startRun } from '../../../client/start.js';
import { cronMoments } from '../../../config/cron-moments.js';
import { parseCron } from '../../../config/cron.js';
import { resolveMoment } from '../../../config/moment.js';
import { SteadyError } from '../../../contracts/failures.js';
import type { BackupInput } from '../../../contracts/runs/procedures.js';
import { oneOfWords } from '../../arguments.js';
import { contextOf } from '../../context.js';
import { countText, momentText, table } from '../../words.js';
import { followBackup } from './run.js';

interface Options {
  readonly since: string;
  readonly until?: string;
  readonly dryRun?: boolean;
  readonly wait: boolean;
}

export function addBackfillCommand(backup: Command): void {
  backup
    .command('backfill')
    .argument('<plan>', 'whose runs were not started')
    .requiredOption('--since <time>', 'from here on; a date means its first moment')
    .option('--until <time>', 'up to here; default: now')
    .option('--dry-run', 'only say which are missing')
    .option('--no-wait', 'start it and return')
    .description('make up for runs that the clock did not start')
    .action(async (given: string, options: Options, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const { stack } = await context.load();
      const name = oneOfWords('plan', given, Object.keys(stack.plans));
      const from = resolveMoment(options.since, stack.timezone, { dateMeans: 'start' });
      const until = options.until === undefined ? undefined : resolveMoment(options.until, stack.timezone);
      const to = new Date(Math.min(until?.getTime() ?? Number.POSITIVE_INFINITY, Date.now()));
      if (from >= to)
        throw new SteadyError('usage.invalid', {
          since: from.toISOString(),
          allowed: `before ${to.toISOString()}`,
        });
      const plan = stack.plans[name];
      const cron = parseCron(plan?.schedule ?? '');
      if (plan === undefined || 'error' in cron) return;
      await context.withTemporal(async (steady) => {
        const snapshot = await context.appliedSnapshot(steady);
        await assertKept(steady, from);
        const moments = cronMoments(cron, stack.timezone, from, to);
        const found = await plannedMoments(steady, { stack: stack.stack, plan: name, moments });
        table(found.map((one) => row(one, stack.timezone))).forEach((line) => output.line(line));
        const { words, request } = whatIsMissing(found);
        output.line(words);
        if (request === undefined || options.dryRun === true)
          return output.document({ plan: name, moments: found });
        const input: BackupInput = {
          ...{ version: 1, snapshot, by: await context.requester() },
          ...{ stores: plan.stores, plan: name },
        };
        const handle = await startRun(steady, { procedure: 'backup', input, request });
        await followBackup(steady, handle, {
          output,
          wait: options.wait,
          more: { plan: name, moments: found },
        });
      });
    });
}

const row = ({ at, run, outcome }: PlannedMoment, zone: string): string[] => [
  momentText(at, zone),
  outcome ?? 'NOT STARTED',
  outcome === undefined ? '' : run,
];

/** The runs that are missing, in words, and the request that makes up for them, where there is any. */
function whatIsMissing(found: readonly PlannedMoment[]): { words: string; request?: string } {
  const missing = found.filter((one) => one.outcome === undefined);
  const newest = found.at(-1);
  if (newest === undefined) return { words: 'There was nothing to start.' };
  if (missing.length === 0) return { words: 'All were started.' };
  const words = `${countText(missing.length, 'run')} not started`;
  const going = found.find((one) => one.outcome === 'running');
  if (going !== undefined) return { words: `${words}; ${going.run} is running: nothing more is started now` };
  // A backup has the data of its own time, whatever its name.
  if (newest.outcome !== undefined)
    return { words: `${words}, and a later one was: there is nothing to make up for` };
  return { words: `${words}; one run makes up for all of them`, request: newest.request };
}
