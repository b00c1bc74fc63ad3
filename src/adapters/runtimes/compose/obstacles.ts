import { parse } from 'yaml';
import { z } from 'zod';
import { SteadyError } from '../../../contracts/failures.js';

/** `127.0.0.1:8000:80/tcp`, as docker-compose v1 writes it. */
function portOf(text: string): { readonly published: string | undefined; readonly target: number } {
  const [target = '', published] = text
    .replace(/\/\w+$/, '')
    .split(':')
    .reverse();
  return { published, target: Number(target) };
}

/** What of `compose config` tells whether two containers of a service can run at a time. */
const projectSchema = z.object({
  services: z
    .record(
      z.string(),
      z.object({
        container_name: z.string().nullish(),
        network_mode: z.string().nullish(),
        ports: z
          .array(
            z.union([
              z.object({ published: z.union([z.string(), z.number()]).nullish(), target: z.number() }),
              z.string().transform(portOf),
            ]),
          )
          .nullish(),
        networks: z.record(z.string(), z.object({ ipv4_address: z.string().nullish() }).nullish()).nullish(),
        mac_address: z.string().nullish(),
      }),
    )
    .default({}),
});

/**
 * Why two containers of a service cannot run at a time, a line each, from what `compose config` prints.
 * A volume that only one may write to is not known from there. Throws `service.failed` for a service that is not in it.
 */
export function obstaclesIn(config: string, service: string): string[] {
  const found = projectSchema.parse(parse(config)).services[service];
  if (found === undefined)
    throw new SteadyError(
      'service.failed',
      { service, error: 'not in the compose files' },
      { retryable: false },
    );
  const fixed = (found.ports ?? []).filter(
    ({ published }) => published !== null && published !== undefined && /^\d+$/.test(String(published)),
  );
  const addresses = Object.values(found.networks ?? {}).flatMap((one) => one?.ipv4_address ?? []);
  return [
    ...(found.container_name ? [`container_name is ${found.container_name}`] : []),
    ...fixed.map(({ published, target }) => `port ${published} of the machine is published for ${target}`),
    ...(found.network_mode === 'host' ? ['it has the network of its machine'] : []),
    ...addresses.map((one) => `its address is ${one}`),
    ...(found.mac_address ? [`its hardware address is ${found.mac_address}`] : []),
  ];
}
