import { defineConfig } from 'vitest/config';
import { LongestFirst } from './test/longest-first.js';

/** Whole databases and whole commands: the long part of the integration tests, a project of its own. */
const WITH_STORES = [
  'test/adapters/stores/**/*.int.test.ts',
  'test/cli/**/*.int.test.ts',
  'test/activities/secrets.int.test.ts',
];

/**
 * unit: pure, no process and no network. integration: real servers and tools (`*.int.test.ts`). stores: those
 * with whole databases and commands. docker: a real engine
 * (`*.docker.test.ts`). kubernetes: a real API with a real node (`*.kubernetes.test.ts`). crash: processes are killed. Heavy suites run one after another, and two files of one at a time:
 * the machines have two cores, and servers wait for each other more than they work.
 */
export default defineConfig({
  test: {
    pool: 'forks',
    // Of each `steady up` of the tests: they would all want the same port, and most have no use for it.
    env: { STEADY_API: 'off' },
    sequence: { sequencer: LongestFirst },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: ['test/**/*.test.ts'],
          exclude: [
            'test/**/*.int.test.ts',
            'test/**/*.docker.test.ts',
            'test/**/*.kubernetes.test.ts',
            'test/crash/**',
            'test/faults/**',
            'test/soak/**',
            'test/cluster/**',
          ],
          testTimeout: 20_000,
        },
      },
      {
        extends: true,
        test: {
          name: 'integration',
          include: ['test/**/*.int.test.ts'],
          exclude: ['test/crash/**', ...WITH_STORES],
          testTimeout: 120_000,
          hookTimeout: 120_000,
          maxWorkers: 3,
          globalSetup: ['test/services/temporal-for-all.ts', 'test/services/bundle-for-all.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'stores',
          include: WITH_STORES,
          testTimeout: 300_000,
          hookTimeout: 120_000,
          maxWorkers: 3,
          globalSetup: ['test/services/temporal-for-all.ts', 'test/services/bundle-for-all.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'docker',
          include: ['test/**/*.docker.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 3,
        },
      },
      {
        extends: true,
        test: {
          name: 'kubernetes',
          include: ['test/**/*.kubernetes.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 300_000,
          maxWorkers: 2,
          globalSetup: ['test/services/kubernetes/cluster-for-all.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'faults',
          include: ['test/faults/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 120_000,
          // Each file has its own servers and stack, and waits most of the time.
          maxWorkers: 3,
          globalSetup: ['test/crash/rig/build-once.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'soak',
          include: ['test/soak/**/*.test.ts'],
          hookTimeout: 300_000,
          globalSetup: ['test/crash/rig/build-once.ts'],
        },
      },
      {
        extends: true,
        test: {
          name: 'cluster',
          include: ['test/cluster/**/*.test.ts'],
          testTimeout: 180_000,
          hookTimeout: 600_000,
          // Each step builds on the one before; and two whole systems at a time are too much for two cores.
          bail: 1,
          maxWorkers: 1,
        },
      },
      {
        extends: true,
        test: {
          name: 'crash',
          include: ['test/crash/**/*.test.ts'],
          // A prune of hundreds beside the matrix took 200 s.
          testTimeout: 480_000,
          hookTimeout: 120_000,
          maxWorkers: 2,
          // Cases of the matrix, each with a stack of its own: they wait for heartbeats to run out, mostly.
          maxConcurrency: 5,
          globalSetup: ['test/crash/rig/build-once.ts', 'test/crash/rig/seeded-postgres.ts'],
        },
      },
    ],
  },
});
