import { randomBytes } from 'node:crypto';
import { createInterface } from 'node:readline';
import { createHostRuntime } from '../../src/adapters/runtimes/host/host.js';
import { createS3Storage } from '../../src/adapters/storage/s3/s3.js';
import { createPostgresStore } from '../../src/adapters/stores/postgres/index.js';
import type { DumpResult, StoreCall } from '../../src/adapters/stores/port.js';
import { timeId } from '../../src/contracts/ids.js';
import { Secret } from '../../src/contracts/secret.js';
import type { S3StorageConfig } from '../../src/contracts/stack/storage.js';
import { postgresStoreSchema } from '../../src/contracts/stack/stores.js';
import type { Manifest } from '../../src/contracts/stored/manifest.js';
import { makeHeapRoom } from '../../src/pipelines/heap-room.js';
import { createStreamReader } from '../../src/pipelines/stream-reader.js';
import { createStreamWriter } from '../../src/pipelines/stream-writer.js';

/** First line on stdin, as JSON. Then `backup` and `restore DATABASE`, a line each; `ok` comes back, or what failed. */
export interface BareInput {
  readonly storage: S3StorageConfig;
  readonly accessKey: string;
  readonly secretKey: string;
  readonly password: string;
  readonly folder: string;
  readonly store: Readonly<Record<string, unknown>>;
}

/** As a stack has them when it says nothing else. */
const PIECE_LIMIT = 64 * 2 ** 30;
const STALL_SECONDS = 300;

function pipeline(input: BareInput) {
  const password = new Secret(input.password);
  const storage = createS3Storage({
    config: input.storage,
    credentials: { accessKey: new Secret(input.accessKey), secretKey: new Secret(input.secretKey) },
    stack: 'bench',
  });
  const store = createPostgresStore({
    name: 'db',
    config: postgresStoreSchema.parse(input.store),
    runtime: createHostRuntime({ baseFolder: input.folder }),
    password,
  });
  const newCall = (): StoreCall => {
    const markerPrefix = `bare-${randomBytes(4).toString('hex')}-`;
    return {
      signal: new AbortController().signal,
      marker: `${markerPrefix}1`,
      markerPrefix,
      say: () => undefined,
    };
  };
  let dumped: DumpResult | undefined;
  return {
    async backup() {
      const call = newCall();
      const backupId = timeId(new Date(), randomBytes(5));
      const writer = createStreamWriter({
        ...{ backupId, sink: storage, keyOf: (name: string) => `data/db/${backupId}/${name}` },
        ...{ pieceLimit: PIECE_LIMIT, recipients: [], stallSeconds: STALL_SECONDS },
        ...{ signal: call.signal, marker: call.marker },
      });
      dumped = await store.dump(call, writer);
    },
    async restore(database: string) {
      if (dumped === undefined) throw new Error('there is no backup yet');
      const call = newCall();
      const reader = createStreamReader({
        ...{ source: storage, streams: dumped.streams, encrypted: false, stallSeconds: STALL_SECONDS },
        ...{ signal: call.signal, marker: call.marker },
      });
      // Of a manifest a load reads no more than what the dump gave.
      const manifest = { ...dumped, kind: 'postgres', store: 'db' } as unknown as Manifest;
      const at = new Date().toISOString();
      const place = { mode: 'into', token: randomBytes(4).toString('hex'), at, into: database } as const;
      await store.load(call, { manifest, ...reader }, place);
      await store.cutover(call, place);
    },
  };
}

makeHeapRoom();
let built: ReturnType<typeof pipeline> | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  try {
    if (built === undefined) built = pipeline(JSON.parse(line) as BareInput);
    else if (line === 'backup') await built.backup();
    else await built.restore(line.replace('restore ', ''));
    console.log('ok');
  } catch (error) {
    console.log(String(error));
  }
}
