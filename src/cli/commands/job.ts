import type { Command } from 'commander';
import { startJob } from '../../client/ask/job.js';
import type { JobDone } from '../../contracts/runs/jobs.js';
import { oneOfWords } from '../arguments.js';
import { contextOf } from '../context.js';
import { watchRun } from '../watch.js';
import { table } from '../words.js';

interface Options {
  readonly reason: string;
  readonly wait: boolean;
}

/** The commands `job list` and `job run`. */
export function addJobCommands(program: Command): void {
  const job = program.command('job').description('commands of the stack file that run once, to their end');
  job
    .command('list')
    .description('the jobs that the stack file names')
    .action(async (_options: object, command: Command) => {
      const context = contextOf(command);
      const jobs = Object.entries((await context.load()).stack.jobs ?? {});
      const where = (service: string | undefined): string =>
        service === undefined ? 'on the worker’s machine' : `like ${service}`;
      for (const line of table(jobs.map(([name, one]) => [name, where(one.service), one.command.join(' ')])))
        context.output.line(line);
      if (jobs.length === 0) context.output.line('the stack file names no jobs');
      context.output.document({ jobs: Object.fromEntries(jobs) });
    });
  job
    .command('run')
    .argument('<job>', 'by its name in the stack file')
    .option('--reason <text>', 'why, for the record and whoever is asked', '')
    .option('--no-wait', 'start the run and return')
    .description('run one, in a container of its own like those of its service; nothing of it stays')
    .action(async (given: string, options: Options, command: Command) => {
      await run(command, given, options);
    });
}

async function run(command: Command, given: string, options: Options): Promise<void> {
  const context = contextOf(command);
  const { output } = context;
  const { stack } = await context.load();
  const name = oneOfWords('job', given, Object.keys(stack.jobs ?? {}));
  await context.withTemporal(async (steady) => {
    const handle = await startJob(await context.asking(steady), { job: name, reason: options.reason });
    output.line(`run ${handle.workflowId}`);
    if (!options.wait) {
      output.document({ run: handle.workflowId });
      return;
    }
    const result = await watchRun<JobDone>(steady, handle, output);
    output.document({ run: handle.workflowId, ...result });
  });
}
