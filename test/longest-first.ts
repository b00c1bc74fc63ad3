import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The long files of each project, in seconds on two cores, roughly. vitest begins with the largest file, and would come
 * to a suite of six lines that runs for minutes last, when the other worker has nothing left to do.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'adapters/stores/postgres.suite.int.test.ts': 190,
  'cli/operator.int.test.ts': 170,
  'adapters/stores/redis/situations.int.test.ts': 120,
  'adapters/stores/redis.suite.int.test.ts': 110,
  'cli/evidence.int.test.ts': 55,
  'adapters/stores/postgres/plain-owner.int.test.ts': 50,
  'adapters/stores/postgres/cutover.int.test.ts': 45,
  'cli/absent.int.test.ts': 45,
  'cli/storage.int.test.ts': 45,
  'cli/usage.int.test.ts': 45,
  'adapters/stores/files.suite.int.test.ts': 30,
  'adapters/stores/containers/redis.docker.test.ts': 220,
  'adapters/stores/containers/postgres.docker.test.ts': 80,
  'cli/init/first-hour.docker.test.ts': 40,
  'crash/matrix/matrix.test.ts': 230,
  'crash/prune.test.ts': 95,
  'crash/restore.test.ts': 90,
  'workflows/restore.int.test.ts': 120,
  'workflows/not-back.int.test.ts': 60,
  'workflows/backup.int.test.ts': 35,
};

/** Begins with the longest files, so that two workers end at the same time. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    return sorted.sort((a, b) => secondsOf(b) - secondsOf(a));
  }
}

const secondsOf = ({ moduleId }: TestSpecification): number =>
  SECONDS[moduleId.split('/test/').at(-1) ?? ''] ?? 0;
