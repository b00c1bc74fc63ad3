import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createDirectoryStorage } from '../../../src/adapters/storage/directory/directory.js';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import type {
  BackupReader,
  BackupWriter,
  DumpResult,
  StoreCall,
  StorePort,
} from '../../../src/adapters/stores/port.js';
import { keys } from '../../../src/contracts/keys.js';
import { Secret } from '../../../src/contracts/secret.js';
import { manifestSchema, type Manifest } from '../../../src/contracts/stored/manifest.js';
import type { ObjectSink, ObjectSource } from '../../../src/pipelines/object-port.js';
import { createStreamReader } from '../../../src/pipelines/stream-reader.js';
import { createStreamWriter } from '../../../src/pipelines/stream-writer.js';
import { toolPath } from '../../services/tools.js';

/** A backup as steadyhand takes it: zstd, age, pieces, directory storage; nothing here is a stand-in. */
export interface Vault {
  readonly storage: StoragePort;
  /** What `age-keygen` printed. */
  readonly identity: Secret;
  /** Environment for the shell lines of a manifest. */
  readonly env: { readonly AGE_IDENTITY: string };
  writer(call: StoreCall, options?: { readonly sink?: ObjectSink }): BackupWriter;
  take(store: StorePort, call: StoreCall): Promise<Manifest>;
  /** As `seal` writes it, restore lines included, and read back. */
  manifest(store: StorePort, dump: DumpResult): Manifest;
  reader(manifest: Manifest, call: StoreCall, options?: ReaderOptions): BackupReader;
  /** Path of an object in the folder. */
  pathOf(key: string): string;
  /** All stored data, one after another. */
  bytes(): Buffer;
  remove(): void;
}

interface ReaderOptions {
  readonly source?: ObjectSource;
  readonly identity?: Secret;
}

const STALL_SECONDS = 60;
/** Small, so that every stream of some size has several pieces. */
const PIECE_BYTES = 256 * 1024;

export function openVault(): Vault {
  const folder = mkdtempSync(join(tmpdir(), 'steady-vault-'));
  const storage = createDirectoryStorage({ root: folder, stack: 'test' });
  const identity = newIdentity();
  const recipients = [/age1[a-z0-9]+/.exec(identity.reveal())?.[0] ?? ''];
  const identityFile = join(folder, 'identity');
  writeFileSync(identityFile, identity.reveal(), { mode: 0o600 });
  let backups = 0;
  const id = (): string => `20261122T020000Z-${String(backups).padStart(8, '0')}`;

  const vault: Vault = {
    storage,
    identity,
    env: { AGE_IDENTITY: identityFile },
    writer: (call, { sink = storage } = {}) => {
      backups += 1;
      const backupId = id();
      return createStreamWriter({
        ...{ backupId, sink, keyOf: (object) => keys.data('data', backupId, object) },
        ...{ pieceLimit: PIECE_BYTES, recipients, stallSeconds: STALL_SECONDS },
        ...{ signal: call.signal, marker: call.marker },
      });
    },
    take: async (store, call) => vault.manifest(store, await store.dump(call, vault.writer(call))),
    manifest(store, dump) {
      const { streams, method, takenAt, server, tools, facts, detail, notes } = dump;
      const draft: Omit<Manifest, 'restore'> = {
        ...{ version: 1, id: id(), stack: 'test', stackUuid: '00000000-0000-4000-8000-000000000000' },
        ...{ store: 'data', kind: store.kind, run: { workflowId: 'backup.test.x', runId: 'r' } },
        ...{ startedAt: takenAt, finishedAt: takenAt, compression: 'zstd', recipients },
        ...{ streams, method, takenAt, server, tools, facts, detail, notes },
        bytes: sum(streams.flatMap(({ pieces }) => pieces.map(({ bytes }) => bytes))),
        rawBytes: sum(streams.map(({ rawBytes }) => rawBytes)),
      };
      const restore = store.escape(draft, (name) => inShell(draft, name, storage));
      return manifestSchema.parse(JSON.parse(JSON.stringify({ ...draft, restore })));
    },
    reader: (manifest, call, { source = storage, identity: other = identity } = {}) => ({
      manifest,
      ...createStreamReader({
        ...{ source, streams: manifest.streams, encrypted: true, identity: other },
        ...{ stallSeconds: STALL_SECONDS, signal: call.signal, marker: call.marker },
      }),
    }),
    pathOf: (key) => join(folder, 'test', key),
    bytes: () => {
      const names = readdirSync(join(folder, 'test', 'data'), { recursive: true, withFileTypes: true });
      const files = names.filter((entry) => entry.isFile());
      return Buffer.concat(files.map((entry) => readFileSync(join(entry.parentPath, entry.name))));
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  return vault;
}

export function newIdentity(): Secret {
  return new Secret(
    execFileSync(toolPath('age-keygen'), { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }),
  );
}

/** The shell pipeline that prints a raw stream: pieces in order, decrypted, decompressed. */
function inShell(manifest: Pick<Manifest, 'streams'>, name: string, storage: StoragePort): string {
  const pieces = manifest.streams.find((stream) => stream.name === name)?.pieces ?? [];
  return `{ ${pieces.map(({ key }) => storage.shellCat(key)).join('; ')}; } | age -d -i "$AGE_IDENTITY" | zstd -dc`;
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
