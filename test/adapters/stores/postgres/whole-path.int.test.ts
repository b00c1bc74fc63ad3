import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHostRuntime } from '../../../../src/adapters/runtimes/host/host.js';
import { createDirectoryStorage } from '../../../../src/adapters/storage/directory/directory.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { createStreamReader } from '../../../../src/pipelines/stream-reader.js';
import { createStreamWriter } from '../../../../src/pipelines/stream-writer.js';
import { startPostgres, type PostgresService } from '../../../services/postgres.js';
import { toolPath } from '../../../services/tools.js';
import { manifestOf } from './raw-streams.js';
import { backupFolder, beside, call, storeOn } from './rig.js';

describe('a database through zstd, age and storage', () => {
  let pg: PostgresService;
  const backups = backupFolder();
  beforeAll(async () => {
    pg = await startPostgres();
    pg.sql('postgres', 'CREATE DATABASE whole');
    pg.sql(
      'whole',
      `CREATE TABLE big (id int PRIMARY KEY, body text);
       INSERT INTO big SELECT i, repeat(md5(i::text), 8) FROM generate_series(1, 60000) i;
       CREATE TABLE small AS SELECT generate_series(1, 1000) i;
       SELECT lo_from_bytea(4711, decode(repeat('ab', 5000000), 'hex'));`,
    );
  });
  afterAll(async () => {
    await pg.stop();
    backups.remove();
  });

  it('comes back, row for row, in pieces and encrypted', async () => {
    const runtime = createHostRuntime({ baseFolder: backups.path });
    const storage = createDirectoryStorage({ root: backups.fresh(), stack: 'test' });
    const identity = execFileSync(toolPath('age-keygen'), {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    const common = { signal: new AbortController().signal, stallSeconds: 60 };
    const writer = createStreamWriter({
      ...common,
      backupId: '20261122T020000Z-k7q2m9xd',
      sink: storage,
      keyOf: (object) => `data/db/1/${object}`,
      pieceLimit: 400_000,
      recipients: [/age1[a-z0-9]+/.exec(identity)?.[0] ?? ''],
    });
    const store = storeOn(pg, 'whole', {
      runtime,
      config: { digests: true },
      tuning: { bigTable: 2 ** 20, range: 5 * 2 ** 20 },
    });
    const manifest = manifestOf(await store.dump(call(), writer));
    expect(manifest.streams.find((stream) => stream.name === 'data')?.pieces.length).toBeGreaterThanOrEqual(
      1,
    );
    expect(manifest.facts.counts).toEqual({ 'public.big': 60_000, 'public.small': 1000, 'large objects': 1 });

    const reading = {
      ...common,
      source: storage,
      streams: manifest.streams,
      encrypted: true,
      identity: new Secret(identity),
    };
    const reader = { manifest, ...createStreamReader(reading) };
    expect((await store.readable(call(), reader)).join('\n')).toContain('public.big: 60000 rows');
    const place = beside('k7q2m9xd');
    await store.load(call(), reader, place);
    await store.compare(call(), manifest, place);
    await store.cutover(call(), place);
    expect(pg.sql('whole', 'SELECT count(*), md5(lo_get(4711)) FROM big')).toBe(
      `60000|${execFileSync('sh', ['-c', `head -c 5000000 /dev/zero | tr '\\0' '\\253' | md5sum | cut -d' ' -f1`], { encoding: 'utf8' }).trim()}`,
    );
  });
});
