import { BaseSequencer, type TestSpecification } from 'vitest/node';

/**
 * The long files of each project, in seconds on two cores, roughly. vitest begins with the largest file, and would come
 * to a suite of six lines that runs for minutes last, when the other worker has nothing left to do.
 */
const SECONDS: Readonly<Record<string, number>> = {
  'adapters/stores/postgres.suite.int.test.ts': 160,
  'cli/operator.int.test.ts': 150,
  'adapters/stores/redis.suite.int.test.ts': 110,
  'adapters/stores/redis/situations.int.test.ts': 90,
  'cli/storage.int.test.ts': 85,
  'activities/secrets.int.test.ts': 80,
  'adapters/stores/postgres/plain-owner.int.test.ts': 75,
  'cli/import.int.test.ts': 70,
  'cli/upgrade.int.test.ts': 65,
  'cli/usage.int.test.ts': 65,
  'cli/evidence.int.test.ts': 60,
  'cli/absent.int.test.ts': 55,
  'cli/up-again.int.test.ts': 50,
  'adapters/stores/postgres/cutover.int.test.ts': 45,
  'adapters/stores/postgres/plain-owner-lacks.int.test.ts': 40,
  'adapters/stores/redis/versions.int.test.ts': 35,
  'adapters/stores/containers/redis.docker.test.ts': 120,
  'adapters/stores/containers/valkey.docker.test.ts': 110,
  'adapters/stores/containers/postgres.docker.test.ts': 75,
  'adapters/stores/containers/files.docker.test.ts': 45,
  'cli/init/first-hour.docker.test.ts': 40,
  'crash/matrix/matrix.test.ts': 480,
  'crash/restore.test.ts': 160,
  'crash/prune.test.ts': 120,
  'crash/verify.test.ts': 65,
  'faults/site.test.ts': 245,
  'faults/storage.test.ts': 225,
  'faults/database.test.ts': 210,
  'faults/approvals.test.ts': 105,
  'faults/keys.test.ts': 80,
  'workflows/restore.int.test.ts': 105,
  'workflows/not-back.int.test.ts': 60,
  'workflows/backup.int.test.ts': 45,
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
