import { SteadyError } from '../../contracts/failures.js';
import type { Secret } from '../../contracts/secret.js';
import { channelKind, type ChannelConfig } from '../../contracts/stack/notify.js';
import type { SecretsPort } from '../secrets/port.js';
import { createCommand } from './command.js';
import { createHeartbeat } from './heartbeat.js';
import type { NotifierPort } from './port.js';
import { createSlack } from './slack.js';
import { createSmtp } from './smtp.js';
import { createWebhook } from './webhook.js';

export interface NotifierWiring {
  /** Left out: the stack has no such channel. */
  readonly config: ChannelConfig | undefined;
  readonly name: string;
  readonly secrets: SecretsPort;
  readonly baseFolder: string;
}

/** The notifier of a channel; its secrets are read now. An unknown channel throws `config.invalid`. */
export async function createNotifier(wiring: NotifierWiring): Promise<NotifierPort> {
  const { config, name, secrets, baseFolder } = wiring;
  if (config === undefined)
    throw new SteadyError('config.invalid', { channel: name, error: 'not in the stack' });
  const channel = channelKind(config);
  switch (channel.kind) {
    case 'webhook': {
      const { url, key } = channel.options;
      return createWebhook({
        url: await secrets.resolve(url),
        ...(key && { key: await secrets.resolve(key) }),
      });
    }
    case 'slack':
      return createSlack({ url: await secrets.resolve(channel.options.url) });
    case 'heartbeat':
      return createHeartbeat({ url: await secrets.resolve(channel.options.url) });
    case 'smtp': {
      const { password } = channel.options;
      return createSmtp({
        config: channel.options,
        baseFolder,
        ...(password && { password: await secrets.resolve(password) }),
      });
    }
    case 'command': {
      const env: Record<string, Secret> = {};
      for (const [variable, reference] of Object.entries(channel.options.env))
        env[variable] = await secrets.resolve(reference);
      return createCommand({ run: channel.options.run, baseFolder, env });
    }
  }
}
