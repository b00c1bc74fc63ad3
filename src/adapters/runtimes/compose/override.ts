import { stringify } from 'yaml';
import type { Version } from '../port.js';
import { REVISION_LABEL } from './containers.js';

/**
 * A compose file that lies over the user's own and makes one service a version: its image by what it was when the
 * version was made, its settings, and the label by which its containers are known again. Pure.
 */
export function overrideText(service: string, { revision, image, settings, keptAs }: Version): string {
  const { env, memory, cpus } = settings;
  return stringify({
    services: {
      [service]: {
        image: image.digest ?? keptAs ?? image.id,
        // It is here: a tag that moved on since must not be asked for.
        pull_policy: 'never',
        labels: { [REVISION_LABEL]: String(revision) },
        ...(Object.keys(env).length > 0 && { environment: literal(env) }),
        ...(memory !== undefined && { mem_limit: memory }),
        ...(cpus !== undefined && { cpus }),
      },
    },
  });
}

/** Compose fills in what begins with a dollar sign. */
const literal = (env: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(Object.entries(env).map(([name, value]) => [name, value.replaceAll('$', '$$$$')]));
