import { execFileSync } from 'node:child_process';
import { startScript } from '../../lib/run-shell.js';
import type { Contestant } from '../contestant.js';
import type { Place } from '../place.js';
import { sameContent } from '../seed.js';

/** The database that all back up. */
export const SOURCE = 'shop';

interface ScriptContestant {
  readonly name: string;
  readonly title: string;
  readonly tools: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  readonly begin?: string;
  readonly backup: string;
  /** `$TARGET` is an empty database. */
  readonly restore: string;
}

/** What PostgreSQL's manual advises after a restore ("Backing Up and Restoring", SQL dump). */
export const ANALYZE = 'vacuumdb -q --analyze-only -j2 -d "$TARGET"';

/** A way of backing up that is a line or two of shell, as people have it in cron. */
export function scriptContestant(place: Place, given: ScriptContestant): Contestant {
  const { postgres } = place;
  let memory: readonly number[] = [];
  const run = async (script: string, more: NodeJS.ProcessEnv = {}): Promise<void> => {
    const env = { ...place.env(SOURCE), ...rclone(place), WORK: place.folder, ...given.env, ...more };
    const running = startScript(script, env);
    memory = [running.pid];
    await running.ended;
  };
  return {
    name: given.name,
    title: given.title,
    what: `\`${given.backup}\`; back: \`${given.restore}\``,
    versions: Object.fromEntries(given.tools.map((tool) => [tool, versionOf(tool, place)])),
    begin: () => (given.begin === undefined ? Promise.resolve() : run(given.begin)),
    backup: () => run(given.backup),
    async restore(database) {
      await run('createdb "$TARGET"', { TARGET: database });
      await run(given.restore, { TARGET: database });
    },
    analyze: (database) => run(ANALYZE, { TARGET: database }),
    check: (database, expected) => checkDatabase(place, database, expected),
    memory: () => memory,
    stored: () => place.stored(given.name),
    async end(database) {
      postgres.sql('postgres', `drop database if exists ${database}`);
      await place.clear(given.name);
    },
  };
}

/** What the restored database of the main server holds. */
export async function checkDatabase({ postgres }: Place, database: string, expected: string): Promise<void> {
  sameContent((sql) => postgres.sql(database, sql), expected);
}

/** rclone by environment (its docs, "Environment variables"): the remote `s3:` is the storage of all. */
function rclone({ minio, ca }: Place): NodeJS.ProcessEnv {
  return {
    RCLONE_CONFIG: '/dev/null',
    RCLONE_CONFIG_S3_TYPE: 's3',
    RCLONE_CONFIG_S3_PROVIDER: 'Minio',
    RCLONE_CONFIG_S3_ENDPOINT: minio.endpoint,
    RCLONE_CONFIG_S3_ACCESS_KEY_ID: minio.accessKey.reveal(),
    RCLONE_CONFIG_S3_SECRET_ACCESS_KEY: minio.secretKey.reveal(),
    RCLONE_S3_NO_CHECK_BUCKET: 'true',
    RCLONE_CA_CERT: ca,
    BUCKET: `s3:${minio.bucket}`,
  };
}

const WORDS: Readonly<Record<string, readonly string[]>> = {
  restic: ['version'],
  pgbackrest: ['version'],
  rclone: ['version'],
};

/** The first number that looks like a version in what the tool says of itself. */
export function versionOf(tool: string, place: Place): string {
  const said = execFileSync(tool, WORDS[tool] ?? ['--version'], { encoding: 'utf8', env: place.env(SOURCE) });
  return /\d+\.\d+(\.\d+)?/.exec(said)?.[0] ?? 'unknown';
}
