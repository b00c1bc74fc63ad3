import type { Command } from 'commander';
import { answerOf } from '../../client/outcome.js';
import { snapshotOf } from '../../client/snapshot.js';
import { newRequest, startRun } from '../../client/start.js';
import { SteadyError } from '../../contracts/failures.js';
import type { NotifyInput, Told } from '../../contracts/runs/message.js';
import { channelKind, type ChannelConfig } from '../../contracts/stack/notify.js';
import { oneOfWords } from '../arguments.js';
import { contextOf } from '../context.js';

export function addNotifyCommands(program: Command): void {
  const notify = program.command('notify').description('telling people');
  notify
    .command('test')
    .argument('[channel...]', 'left out: all but heartbeats, for a call counts as one')
    .description(
      "sends a test to channels, from the site's worker: a line each; exit 1 when one was not reached",
    )
    .action(async (given: string[], _options: object, command: Command) => {
      const context = contextOf(command);
      const { output } = context;
      const loaded = await context.load();
      const { stack } = loaded;
      const all = stack.notify ?? {};
      const channels = chosen(given, all);
      const request = newRequest();
      const by = await context.requester();
      const input: NotifyInput = {
        version: 1,
        snapshot: snapshotOf(loaded),
        by,
        channels,
        message: {
          version: 1,
          id: request,
          event: 'test',
          stack: stack.stack,
          at: new Date().toISOString(),
          title: 'a test',
          lines: [`asked by ${by.name}: nothing has happened`],
          next: [],
        },
      };
      const told = await context.withTemporal(async (steady) => {
        const handle = await startRun(steady, { procedure: 'notify', input, request });
        return await answerOf<Told[]>(steady, handle);
      });
      for (const { channel, reached, words } of told)
        output.line(`${reached ? '✓' : '✗'} ${channel} (${kindOf(all[channel])}): ${words}`);
      const left = Object.keys(all).filter((name) => given.length === 0 && !channels.includes(name));
      for (const name of left)
        output.line(`· ${name} (heartbeat): not called; name it to call it, which counts as a verified set`);
      output.document({ told, left });
      if (told.some((one) => !one.reached)) process.exitCode = 1;
    });
}

function chosen(given: readonly string[], all: Readonly<Record<string, ChannelConfig>>): string[] {
  const names = Object.keys(all);
  if (names.length === 0)
    throw new SteadyError('usage.invalid', { notify: 'none', error: 'the stack file names no channels' });
  if (given.length > 0) return [...new Set(given.map((one) => oneOfWords('channel', one, names)))];
  return names.filter((name) => all[name]?.heartbeat === undefined);
}

const kindOf = (channel: ChannelConfig | undefined): string => (channel ? channelKind(channel).kind : '?');
