import type { TestProject } from 'vitest/node';
import { startKubernetes } from './cluster.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** File by which the project's cluster is reached; each test file takes a namespace of its own. */
    kubeconfig: string;
  }
}

/** vitest's globalSetup of a project: one cluster for all its files. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const cluster = await startKubernetes();
  project.provide('kubeconfig', cluster.kubeconfig);
  return () => cluster.close();
}
