import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeAgeKeys } from '../../../scripts/demonstration/age-keys.js';
import { VERSION } from '../../../src/contracts/version.js';
import type { Contestant } from '../contestant.js';
import type { Place } from '../place.js';
import { startSteady, type Steady } from '../steady.js';
import { checkDatabase, versionOf } from './script.js';

/** The whole procedure, as a person runs it: `steady backup run`, `steady restore --into`. */
export function steady(place: Place, encrypted: boolean): Contestant {
  const name = encrypted ? 'steady-age' : 'steady';
  let running: Steady | undefined;
  const run = async (...args: string[]): Promise<void> => void (await running?.json(args));
  return {
    name,
    title: encrypted ? 'steadyhand, encrypted (age)' : 'steadyhand',
    what: `\`steady backup run --verify stored\`; back: \`steady restore --into NAME --unverified\`${encrypted ? '; with an age recipient' : ''}`,
    versions: { steadyhand: VERSION, ...(encrypted && { age: versionOf('age', place) }) },
    async begin() {
      const { folder, secrets } = await writeStack(place, name, encrypted);
      running = await startSteady(folder, secrets);
    },
    backup: () => run('backup', 'run', '--verify', 'stored'),
    restore: (database) => run('restore', '--into', database, '--unverified'),
    check: (database, expected) => checkDatabase(place, database, expected),
    memory: () => [running?.worker() ?? 0],
    stored: () => place.stored(name),
    async end(database) {
      await running?.end();
      place.postgres.sql('postgres', `drop database if exists ${database}`);
      await place.clear(name);
      // What it knew of a storage that is empty now goes too.
      await rm(join(place.folder, name), { recursive: true, force: true });
    },
  };
}

/**
 * A folder with the stack file, and the secrets that it names.
 *
 * @param plans as the file has them; empty: none
 */
export async function writeStack(
  place: Place,
  prefix: string,
  encrypted: boolean,
  plans = '',
): Promise<{ readonly folder: string; readonly secrets: Record<string, string> }> {
  const folder = join(place.folder, prefix);
  await mkdir(folder, { recursive: true });
  const encryption = encrypted ? await encryptionLines(folder) : '';
  await writeFile(join(folder, 'steady.yaml'), `${stackFile(place, prefix, encryption)}${plans}`);
  const { minio, postgres } = place;
  const secrets = {
    DB_PASSWORD: postgres.password,
    S3_KEY: minio.accessKey.reveal(),
    S3_SECRET: minio.secretKey.reveal(),
  };
  return { folder, secrets };
}

async function encryptionLines(folder: string): Promise<string> {
  const keys = await makeAgeKeys(folder);
  return `  encryption: { age: { recipients: [${keys.proof}, ${keys.offline}], identity: { file: ${keys.identityFile} } } }\n`;
}

function stackFile({ postgres, minio, ca }: Place, prefix: string, encryption: string): string {
  return `version: 1
stack: bench
timezone: UTC
runtime: { host: {} }
storage:
  main: { s3: { bucket: ${minio.bucket}, prefix: ${prefix}, endpoint: "${minio.endpoint}", ca: "${ca}", credentials: { accessKey: { env: S3_KEY }, secretKey: { env: S3_SECRET } } } }
${encryption}stores:
  db: { postgres: { host: ${postgres.host}, port: ${postgres.port}, database: shop, user: ${postgres.user}, password: { env: DB_PASSWORD }, bin: "${postgres.bin}" } }
`;
}
