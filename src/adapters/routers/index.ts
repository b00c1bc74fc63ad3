import { SteadyError } from '../../contracts/failures.js';
import { theOne } from '../../contracts/one-of.js';
import type { RouterConfig } from '../../contracts/stack/routers.js';
import type { RuntimePort } from '../runtimes/port.js';
import { createNginxRouter } from './nginx/nginx.js';
import type { RouterPort } from './port.js';

/** The router a stack file names; an unknown one throws `config.invalid`. */
export function createRouter(config: RouterConfig, options: { readonly runtime: RuntimePort }): RouterPort {
  const router = theOne(config);
  switch (router.kind) {
    case 'nginx':
      return createNginxRouter({ config: router.options, ...options });
    default:
      throw new SteadyError('config.invalid', {
        field: 'routers',
        found: String((router as { kind: unknown }).kind),
      });
  }
}
