import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe } from 'vitest';
import { createHostJobs } from '../../../../src/adapters/runtimes/host/jobs.js';
import { jobsSuite } from '../jobs-suite.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'steady jobs-'));
});
afterAll(async () => rm(folder, { recursive: true }));

describe('jobs on the worker’s machine', () => {
  jobsSuite(() => ({
    create: () => createHostJobs({ baseFolder: folder, jobsFolder: join(folder, 'jobs') }),
    file: (name) => ({
      path: `'${join(folder, name)}'`,
      read: () => readFile(join(folder, name), 'utf8').catch(() => ''),
    }),
  }));
});
