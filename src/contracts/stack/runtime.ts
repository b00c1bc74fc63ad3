import { z } from 'zod';
import { oneOf } from '../one-of.js';

export const composeRuntimeSchema = z.strictObject({
  tool: z
    .enum(['docker', 'nerdctl', 'podman', 'docker-compose'])
    .default('docker')
    .describe('the program that runs compose'),
  namespace: z.string().optional().describe('containerd namespace (nerdctl)'),
  files: z
    .array(z.string().min(1))
    .default([])
    .describe(
      'compose files, relative to the stack file; left out: those the tool finds there, overrides too',
    ),
  project: z.string().optional().describe('project name; left out: as the tool finds it'),
  envFile: z.string().optional().describe('env file for compose, relative to the stack file'),
  host: z
    .string()
    .optional()
    .describe('engine address, such as unix:///run/docker.sock; left out: the environment’s'),
});
export type ComposeRuntimeConfig = z.infer<typeof composeRuntimeSchema>;

export const hostRuntimeSchema = z.strictObject({});
export type HostRuntimeConfig = z.infer<typeof hostRuntimeSchema>;

export const kubernetesRuntimeSchema = z.strictObject({
  namespace: z
    .string()
    .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'must be a namespace of Kubernetes')
    .describe('where its workloads are; never guessed'),
  context: z.string().min(1).optional().describe('of the kubeconfig; left out: its current one'),
  kubeconfig: z
    .string()
    .min(1)
    .optional()
    .describe(
      'file, relative to the stack file; left out: as kubectl finds it (KUBECONFIG, ~/.kube/config, in a pod)',
    ),
});
export type KubernetesRuntimeConfig = z.infer<typeof kubernetesRuntimeSchema>;

export const runtimeSchema = oneOf('runtime', {
  compose: composeRuntimeSchema.describe('services are those of a compose project'),
  kubernetes: kubernetesRuntimeSchema.describe('services are workloads of a cluster, by kubectl'),
  host: hostRuntimeSchema.describe('services run on the worker’s own machine: `host: {}`'),
});
export type RuntimeConfig = z.infer<typeof runtimeSchema>;
