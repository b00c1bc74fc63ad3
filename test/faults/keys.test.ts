import { readFileSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect } from 'vitest';
import type { CrashStack } from '../crash/rig/stack.js';
import { expectWhole } from '../crash/rig/whole.js';
import { newKey } from '../pipelines/keys.js';
import { startMinio, type MinioServer } from '../services/minio.js';
import { startPostgres, type PostgresService } from '../services/postgres.js';
import { fault } from './fault.js';
import { copying, createFaultStack, listed, manifestOf, unfinished, well } from './stack.js';

const DISK = 128 * 2 ** 20;
/** On a disk that is nearly full: enough for what a run writes beside its data and for a part, not for the upload. */
const ROOM = 14 * 2 ** 20;

let server: PostgresService;
let minio: MinioServer;
let stack: CrashStack;
beforeAll(async () => {
  [server, minio] = await Promise.all([startPostgres(), startMinio({ tmpfsBytes: DISK })]);
  stack = await createFaultStack(server, { minio });
});
afterAll(async () => {
  await stack?.close();
  await Promise.all([server?.stop(), minio?.close()]);
});

const backup = () => stack.steady.cli('backup', 'run', 'small');

describe('the stack file', () => {
  fault('file-edited', async () => {
    const { recipient, identity } = newKey();
    writeFileSync(join(stack.folder, 'age.key'), identity.reveal());
    const age = `{ age: { recipients: [${recipient}], identity: { file: age.key } } }`;
    const asked = backup();
    await copying(stack);
    stack.file.write(stack.file.text.replace(/(storage: .*) }\n/, `$1, encryption: ${age} }\n`));
    await well(stack, 'apply');
    const answer = await asked;
    await well(stack, 'backup', 'run', 'small');
    const [first = '', next = ''] = (await listed(stack)).slice(-2);
    expect([(await manifestOf(stack, first)).recipients, (await manifestOf(stack, next)).recipients]).toEqual(
      [[], [recipient]],
    );
    return answer;
  });
});

describe('storage', () => {
  fault('storage-full', async () => {
    const before = await listed(stack);
    const database = stack.database('small');
    await stack.databases.sql(
      database,
      `CREATE TABLE noise AS SELECT md5(random()::text) || md5(random()::text) FROM generate_series(1, 700000)`,
    );
    // As the server sees its folder.
    const disk = join('/proc', String(minio.pid()), 'cwd', 'data');
    const { bavail, bsize } = statfsSync(disk);
    writeFileSync(join(disk, 'filler'), Buffer.alloc(bavail * bsize - ROOM));
    const answer = await backup();
    expect(await listed(stack)).toEqual(before);
    expect(await unfinished(stack)).toEqual([]);
    rmSync(join(disk, 'filler'));
    await stack.databases.sql(database, 'DROP TABLE noise');
    await well(stack, 'backup', 'run', 'small');
    await expectWhole(stack, ['small']);
    return answer;
  });
});

describe('another age identity', () => {
  const withAnother = async <T>(look: () => Promise<T>): Promise<T> => {
    const file = join(stack.folder, 'age.key');
    const right = readFileSync(file);
    writeFileSync(file, newKey().identity.reveal());
    try {
      return await look();
    } finally {
      writeFileSync(file, right);
    }
  };
  const proofs = () => stack.stored.names('proofs/small');

  fault('identity-wrong-verify', async () => {
    const before = await proofs();
    const answer = await withAnother(() => stack.steady.cli('backup', 'verify', 'latest'));
    expect(await proofs()).toEqual(before);
    await well(stack, 'backup', 'verify', 'latest');
    return answer;
  });

  fault('identity-wrong-restore', async () => {
    const database = stack.database('small');
    const [databases, digest] = [
      await stack.databases.named(database),
      await stack.databases.digest(database),
    ];
    const answer = await withAnother(() => stack.steady.cli('restore', 'latest'));
    expect(await stack.databases.named(database)).toEqual(databases);
    expect(await stack.databases.digest(database)).toBe(digest);
    await well(stack, 'restore', 'latest', '--into', `${database}_copy`);
    server.sql('postgres', `DROP DATABASE ${database}_copy`);
    return answer;
  });
});
