import { afterAll, beforeAll, expect, it } from 'vitest';
import { checkEngine } from '../../src/activities/check-engine.js';
import { createComposeRuntime } from '../../src/adapters/runtimes/compose/compose.js';
import { stackSchema } from '../../src/contracts/stack/stack.js';
import { redisService, startCompose, type ComposeProject } from '../services/compose.js';

let project: ComposeProject;
beforeAll(async () => {
  project = await startCompose({ services: { cache: redisService({ password: 'of-the-cache' }) } });
});
afterAll(() => project?.close());

it('warns of a worker for proofs that reaches the engine of the live stores, and of no other', async () => {
  const engine = (host?: string) =>
    createComposeRuntime({
      config: { tool: 'docker', files: [project.file], project: project.name, host },
      baseFolder: project.folder,
    });
  const compose = { files: [project.file], project: project.name };
  const stack = stackSchema.parse({
    version: 1,
    stack: 'shop',
    runtime: { compose },
    storage: { main: { directory: { path: '/backups' } } },
    stores: { cache: { redis: { service: 'cache' } } },
  });
  expect(await checkEngine(stack, engine(), {})).toEqual([
    {
      what: 'role proof',
      status: 'warning',
      message:
        'reaches the container engine of cache: whoever takes this worker over can change what is live',
      hint: 'Run it with an engine of its own (DOCKER_HOST), or on another machine: docs/permissions.md.',
    },
  ]);
  expect(await checkEngine(stack, engine('unix:///nowhere.sock'), {})).toEqual([]);
  const elsewhere = {
    ...stack,
    stores: { cache: { redis: { ...stack.stores['cache']?.redis, service: 'other' } } },
  };
  expect(await checkEngine(elsewhere as typeof stack, engine(), {})).toEqual([]);
});
