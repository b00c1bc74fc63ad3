import type { TestProject } from 'vitest/node';
import { startTemporal } from './temporal.js';

declare module 'vitest' {
  interface ProvidedContext {
    /** Address of the project's Temporal server. */
    temporalAddress: string;
  }
}

/**
 * vitest's globalSetup of a project: one Temporal server for all its files, which take the address with
 * `inject('temporalAddress')`. Each file uses ids, or task queues, of its own.
 */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await startTemporal();
  project.provide('temporalAddress', server.address);
  return () => server.close();
}
