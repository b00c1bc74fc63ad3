import type { z } from 'zod';
import type { DeployAsked } from '../client/ask/deploy.js';
import type { DeployBody, rollbackAskedSchema, scaleAskedSchema } from '../contracts/asked.js';
import { eachOnce } from '../contracts/chosen.js';
import type { Wanted } from '../contracts/runs/deploy.js';
import type { Stack } from '../contracts/stack/stack.js';

/** Bodies of requests as what runs are asked for. Throws `usage.invalid` for services that the stack does not have. */

/** Each once, in an order that does not depend on how the body was written. */
export const servicesNamed = (services: Readonly<Record<string, unknown>>): string[] =>
  Object.keys(services).sort();

export function deployOf(body: DeployBody, stack: Stack): DeployAsked {
  const { services, for: forSeconds, ...rest } = body;
  const wanted = servicesNamed(services).map((service): Wanted => {
    const { image, set, unset, memory, cpus } = services[service] ?? {};
    const changes = set ?? unset ?? memory ?? cpus;
    return {
      service,
      to: 'version',
      ...(image !== undefined && { image }),
      ...((changes !== undefined || memory === null || cpus === null) && {
        settings: {
          set: set ?? {},
          unset: unset ?? [],
          ...(memory !== undefined && { memory }),
          ...(cpus !== undefined && { cpus }),
        },
      }),
    };
  });
  return asked('deploy', { ...rest, forSeconds, wanted }, stack);
}

export function rollbackOf(body: z.infer<typeof rollbackAskedSchema>, stack: Stack): DeployAsked {
  const { services, revision, ...rest } = body;
  const wanted = services.map((service): Wanted => ({
    service,
    to: 'revision',
    ...(revision !== undefined && { revision }),
  }));
  return asked('rollback', { ...rest, wanted }, stack);
}

export function scaleOf(body: z.infer<typeof scaleAskedSchema>, stack: Stack): DeployAsked {
  const { services, for: forSeconds, ...rest } = body;
  const wanted = servicesNamed(services).map((service): Wanted => {
    const count = services[service] ?? 0;
    return typeof count === 'number'
      ? { service, to: 'count', count }
      : { service, to: 'count', count: count.min, bounds: count };
  });
  return asked('scale', { ...rest, forSeconds, wanted }, stack);
}

/** What is not asked for is left out, as the command line does: the same request is signed the same. */
function asked(
  procedure: DeployAsked['procedure'],
  body: { readonly wanted: readonly Wanted[] } & Partial<Record<keyof DeployAsked, unknown>>,
  { services }: Stack,
): DeployAsked {
  eachOnce(
    body.wanted.map((one) => one.service),
    Object.keys(services),
  );
  const given = Object.entries(body).filter(([, value]) => value !== undefined && value !== false);
  return { ...Object.fromEntries(given), procedure } as DeployAsked;
}
