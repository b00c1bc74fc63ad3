import { z } from 'zod';
import { nameSchema } from '../names.js';
import { oneOf } from '../one-of.js';
import { composeServiceSchema } from './units.js';

export const nginxRouterSchema = z.strictObject({
  service: composeServiceSchema
    .optional()
    .describe('compose service it runs in; left out: on the worker’s own machine'),
  folder: z
    .string()
    .regex(/^\/[\w./-]+$/, 'must be an absolute path')
    .describe(
      'a folder of its own that nginx includes within http (`include FOLDER/*.conf;`), on a volume or mount that outlives the container: a file a service is written there',
    ),
});
export type NginxRouterConfig = z.infer<typeof nginxRouterSchema>;

/** What hands requests to the instances of services. */
export const routerSchema = oneOf('router', {
  nginx: nginxRouterSchema.describe('nginx, with an upstream a service'),
});
export type RouterConfig = z.infer<typeof routerSchema>;

export const routedSchema = z.strictObject({
  name: nameSchema.describe('the router that sends it requests'),
  port: z.number().int().min(1).max(65_535).describe('where each instance listens'),
  upstream: z
    .string()
    .regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "_" and "-"')
    .optional()
    .describe('name of its upstream in the router’s configuration; left out: the service’s own'),
  keepalive: z
    .number()
    .int()
    .min(1)
    .max(4096)
    .optional()
    .describe('idle connections to it that the router keeps; left out: as many as are nginx’s default'),
});
export type RoutedConfig = z.infer<typeof routedSchema>;
