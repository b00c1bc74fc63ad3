import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createComposeRuntime } from '../../../../src/adapters/runtimes/compose/compose.js';
import type { JobsPort, RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import { waitFor } from '../../../crash/rig/wait-for.js';
import { jobsSuite } from '../jobs-suite.js';
import { startStack, type TestStack } from './stack.js';

const SERVICES = `
services:
  box: { image: 'steadyhand-rig:1', command: sleep infinity, volumes: ['files:/data'], environment: { OWN: of the service } }
volumes: { files: }
`;
const box = { name: 'box', drainSeconds: 1 };

let stack: TestStack;
beforeAll(async () => {
  stack = await startStack(SERVICES);
}, 120_000);
afterAll(async () => stack?.close(), 60_000);

const runtime = (): RuntimePort =>
  createComposeRuntime({
    config: { tool: 'docker', files: ['stack.yml'], project: stack.project },
    baseFolder: stack.folder,
  });
const create = (): JobsPort => {
  const { jobs } = runtime();
  if (jobs === undefined) throw new Error('no jobs');
  return jobs;
};

describe('jobs in containers like those of a service', () => {
  jobsSuite(() => ({
    create,
    service: box,
    file: (name) => ({
      path: `/data/${name}`,
      read: () => stack.compose('exec', '-T', 'box', 'sh', '-c', `cat /data/${name} 2>/dev/null || :`),
    }),
  }));

  it('have the settings of the service, or those of a version of it, and are none of its instances', async () => {
    const jobs = create();
    const image = JSON.parse(await stack.docker('image', 'inspect', 'steadyhand-rig:1')) as [{ Id: string }];
    const job = { id: 'env-1', service: box, argv: ['sh', '-c', 'echo "$OWN, $NEW"'], env: {}, secrets: {} };
    const version = {
      revision: 4,
      image: { name: 'steadyhand-rig:1', id: image[0].Id },
      settings: { env: { NEW: 'of $4' } },
    };
    for (const [id, of, says] of [
      ['env-1', undefined, 'of the service, \n'],
      ['env-2', version, 'of the service, of $4\n'],
    ] as const) {
      await jobs.begin({ ...job, id, version: of });
      await waitFor('its end', async () => (await jobs.state({ id, service: box })).state === 'ended');
      expect(await jobs.log({ id, service: box }, { lines: 5 })).toBe(says);
      expect(await runtime().instances(box)).toHaveLength(1);
      await jobs.remove({ id, service: box });
    }
  });
});
