import type { Command } from 'commander';
import { assertReasonable, startDeploy, type DeployAsked } from '../../client/ask/deploy.js';
import {
  CPUS_PATTERN,
  IMAGE_PATTERN,
  MEMORY_PATTERN,
  MOST_INSTANCES,
  VARIABLE_PATTERN,
} from '../../contracts/asked.js';
import { SteadyError } from '../../contracts/failures.js';
import type { DeployInput, DeployResult, SettingsChange, Wanted } from '../../contracts/runs/deploy.js';
import { STRATEGIES } from '../../contracts/stack/deploy.js';
import { parseDuration } from '../../contracts/stack/units.js';
import { countOf, eachOnce, oneOfWords } from '../arguments.js';
import { contextOf } from '../context.js';
import { watchRun } from '../watch.js';

interface Options {
  readonly image?: string;
  readonly set?: readonly string[];
  readonly unset?: readonly string[];
  readonly memory?: string;
  readonly cpus?: string;
  readonly strategy?: string;
  readonly waitForImage?: string;
  readonly for?: string;
  readonly to?: string;
  readonly hotfix?: boolean;
  readonly outsideHours?: boolean;
  readonly change?: string;
  readonly evenIfManaged?: boolean;
  readonly reason: string;
  readonly wait: boolean;
}

/** The commands deploy, rollback and scale. */
export function addDeployCommands(program: Command): void {
  withCommon(
    program
      .command('deploy')
      .argument('<services...>', 'a service and its image (api=ghcr.io/acme/api:1.5), or its name alone')
      .option('--image <name>', 'the image, where one service is named')
      .option('--wait-for-image <duration>', 'wait as long for images that their registry does not have yet')
      .option('--set <name=value...>', 'environment variables of the new version; no secrets')
      .option('--unset <name...>', 'variables that are as the compose file has them again')
      .option('--memory <size|none>', 'limit of memory, such as 4g; none: as the compose file has it')
      .option('--cpus <number|none>', 'limit of CPUs, such as 1.5; none: as the compose file has it')
      .option('--for <duration>', 'as long only, then all of it is as before')
      .option('--strategy <word>', `instead of what the stack file says: ${STRATEGIES.join(', ')}`)
      .option('--hotfix', 'mends what is broken: goes first, at any hour, watched for longer; needs --reason')
      .option('--outside-hours', 'outside the hours of deploys too: needs --reason, and an approval'),
  )
    .description('another version of services: images, settings; health-gated, taken back when it fails')
    .action(async (services: string[], options: Options, self: Command) => {
      await begin(self, 'deploy', options, (names) => deployWanted(services, options, names));
    });

  withCommon(
    program
      .command('rollback')
      .argument('<services...>', 'by their names in the stack file')
      .option('--to <revision>', 'a number of `steady history`; left out: what ran well before'),
  )
    .description('what ran well before runs again')
    .action(async (services: string[], options: Options, self: Command) => {
      await begin(self, 'rollback', options, (names) =>
        eachOnce(services, names).map((service) => ({
          service,
          to: 'revision',
          ...(options.to !== undefined && { revision: countOf('to', options.to, 2 ** 31) }),
        })),
      );
    });

  withCommon(
    program
      .command('scale')
      .argument(
        '<service=count...>',
        'how many instances of a service run, such as api=3; api=3..10 where something scales it',
      )
      .option('--for <duration>', 'as long only, then as many as before'),
  )
    .description('run more or fewer instances of services')
    .action(async (pairs: string[], options: Options, self: Command) => {
      await begin(self, 'scale', options, (names) => scaleWanted(pairs, names));
    });
}

function withCommon(command: Command): Command {
  return command
    .option('--reason <text>', 'why, for the record and whoever is asked', '')
    .option('--change <id>', 'number of the change that it belongs to, for the record')
    .option('--even-if-managed', 'also what Argo CD, Flux or Helm keeps as they want it')
    .option('--no-wait', 'start the run and return');
}

async function begin(
  command: Command,
  procedure: DeployInput['procedure'],
  options: Options,
  wantedOf: (services: readonly string[]) => readonly Wanted[],
): Promise<void> {
  const context = contextOf(command);
  const { output } = context;
  const { stack } = await context.load();
  const strategy = options.strategy && oneOfWords('strategy', options.strategy, STRATEGIES);
  const waitForImage = secondsOf('wait-for-image', options.waitForImage);
  const forSeconds = secondsOf('for', options.for);
  const asked: DeployAsked = {
    procedure,
    wanted: wantedOf(Object.keys(stack.services)),
    reason: options.reason,
    ...flagsOf(options),
    ...(strategy && { strategy }),
    ...(waitForImage !== undefined && { waitForImage }),
    ...(forSeconds !== undefined && { forSeconds }),
  };
  assertReasonable(asked);
  await context.withTemporal(async (steady) => {
    const handle = await startDeploy(await context.asking(steady), asked);
    output.line(`run ${handle.workflowId}`);
    if (!options.wait) {
      output.document({ run: handle.workflowId });
      return;
    }
    const result = await watchRun<DeployResult>(steady, handle, output);
    if (result.takenBackBy !== undefined)
      output.line(`taken back by ${result.takenBackBy}; to keep it: steady cancel ${result.takenBackBy}`);
    output.document({ run: handle.workflowId, ...result });
  });
}

const flagsOf = ({ hotfix, outsideHours, change, evenIfManaged }: Options) => ({
  ...(hotfix === true && { hotfix }),
  ...(outsideHours === true && { outsideHours }),
  ...(change !== undefined && { change }),
  ...(evenIfManaged === true && { evenIfManaged }),
});

function deployWanted(
  given: readonly string[],
  options: Options,
  names: readonly string[],
): readonly Wanted[] {
  const settings = settingsOf(options);
  const wanted = given.map((one): Wanted => {
    const [name = '', ...rest] = one.split('=');
    const service = oneOfWords('service', name, names);
    const image = rest.length > 0 ? rest.join('=') : options.image;
    if (image !== undefined && !IMAGE_PATTERN.test(image))
      throw new SteadyError('usage.invalid', { image, allowed: 'a name such as ghcr.io/acme/api:1.5' });
    return { service, to: 'version', ...(image !== undefined && { image }), ...(settings && { settings }) };
  });
  eachOnce(
    wanted.map((one) => one.service),
    names,
  );
  if (wanted.length > 1 && (options.image !== undefined || settings !== undefined))
    throw new SteadyError('usage.invalid', {
      error: 'for several services name the images: api=IMAGE worker=IMAGE; settings are for one',
    });
  const idle = wanted.find((one) => one.to === 'version' && !one.image && !one.settings);
  if (idle !== undefined)
    throw new SteadyError('usage.invalid', {
      service: idle.service,
      error: 'what is to change: --image, --set, --unset, --memory or --cpus',
    });
  return wanted;
}

function secondsOf(option: string, text: string | undefined): number | undefined {
  const seconds = text === undefined ? undefined : parseDuration(text);
  if (text !== undefined && (seconds === undefined || seconds === 0))
    throw new SteadyError('usage.invalid', { [option]: text, allowed: 'a duration such as 15m' });
  return seconds;
}

function settingsOf({ set = [], unset = [], memory, cpus }: Options): SettingsChange | undefined {
  if (set.length === 0 && unset.length === 0 && memory === undefined && cpus === undefined) return undefined;
  const pairs = set.map((one) => {
    const at = one.indexOf('=');
    const name = one.slice(0, at);
    if (at < 1 || !VARIABLE_PATTERN.test(name))
      throw new SteadyError('usage.invalid', { set: one, allowed: 'NAME=value' });
    return [name, one.slice(at + 1)] as const;
  });
  if (memory !== undefined && memory !== 'none' && !MEMORY_PATTERN.test(memory))
    throw new SteadyError('usage.invalid', { memory, allowed: 'a size such as 512m or 4g, or none' });
  if (cpus !== undefined && cpus !== 'none' && !CPUS_PATTERN.test(cpus))
    throw new SteadyError('usage.invalid', { cpus, allowed: 'a number such as 1.5, or none' });
  return {
    set: Object.fromEntries(pairs),
    unset,
    ...(memory !== undefined && { memory: memory === 'none' ? null : memory }),
    ...(cpus !== undefined && { cpus: cpus === 'none' ? null : cpus }),
  };
}

function scaleWanted(pairs: readonly string[], names: readonly string[]): readonly Wanted[] {
  const wanted = pairs.map((pair): Wanted => {
    const [name = '', count = ''] = pair.split('=');
    const service = oneOfWords('service', name, names);
    const [least = '', most] = count.split('..');
    const min = least === '0' ? 0 : countOf('count', least, MOST_INSTANCES);
    if (most === undefined) return { service, to: 'count', count: min };
    const max = countOf('count', most, MOST_INSTANCES);
    if (max < min)
      throw new SteadyError('usage.invalid', { count, error: 'the least is more than the most' });
    return { service, to: 'count', count: min, bounds: { min, max } };
  });
  eachOnce(
    wanted.map((one) => one.service),
    names,
  );
  return wanted;
}
