import type { Rig } from './harness.js';
import type { World } from './world.js';

export const OLD = 'acme/api:1';
export const NEW = 'acme/api:2';

/** Two services, api of two instances behind a router, with an image that a registry has. */
export function deployable(
  rig: Rig,
  options: {
    readonly routed?: boolean;
    readonly count?: number;
    /** More of the stack file. */
    readonly file?: Record<string, unknown>;
  } = {},
): World {
  const { routed = true, count = 2 } = options;
  const service = { healthWithin: '1s', drain: '1s', log: { watch: '1s' } };
  const world = rig.world({
    file: {
      runtime: { compose: { project: 'rig' } },
      routers: { edge: { nginx: { folder: '/etc/nginx/steady' } } },
      services: {
        api: { ...service, ...(routed && { router: { name: 'edge', port: 8000 } }) },
        worker: service,
      },
      ...options.file,
    },
  });
  world.fleet.run('api', OLD, count);
  world.fleet.run('worker', 'acme/worker:1', 1);
  world.fleet.registry.add(NEW).add('acme/worker:2');
  return world;
}
