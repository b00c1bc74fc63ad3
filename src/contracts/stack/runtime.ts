import { z } from 'zod';
import { oneOf } from '../one-of.js';

export const composeRuntimeSchema = z.strictObject({
  tool: z.enum(['docker', 'nerdctl', 'podman', 'docker-compose']).default('docker'),
  namespace: z.string().optional().describe('containerd namespace (nerdctl)'),
  files: z.array(z.string()).min(1).prefault(['docker-compose.yml']).describe('compose files, relative to the stack file'),
  project: z.string().optional().describe('project name; default: as the tool finds it'),
  envFile: z.string().optional(),
  host: z.string().optional().describe('engine address, such as unix:///run/docker.sock; default: the environment’s'),
});
export type ComposeRuntimeConfig = z.infer<typeof composeRuntimeSchema>;

export const hostRuntimeSchema = z.strictObject({});
export type HostRuntimeConfig = z.infer<typeof hostRuntimeSchema>;

export const runtimeSchema = oneOf('runtime', { compose: composeRuntimeSchema, host: hostRuntimeSchema });
export type RuntimeConfig = z.infer<typeof runtimeSchema>;
