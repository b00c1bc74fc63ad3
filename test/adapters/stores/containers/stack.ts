import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { randomBytes } from 'node:crypto';
import { createComposeRuntime } from '../../../../src/adapters/runtimes/compose/compose.js';
import type { RuntimePort } from '../../../../src/adapters/runtimes/port.js';
import { createS3Client, S3_LIMITS } from '../../../../src/adapters/storage/s3/client.js';
import { createS3Storage } from '../../../../src/adapters/storage/s3/s3.js';
import type { StoragePort } from '../../../../src/adapters/storage/port.js';
import type {
  BackupReader,
  RestorePlace,
  StoreCall,
  StorePort,
} from '../../../../src/adapters/stores/port.js';
import { Secret } from '../../../../src/contracts/secret.js';
import { s3StorageSchema } from '../../../../src/contracts/stack/storage.js';
import { createStreamReader } from '../../../../src/pipelines/stream-reader.js';
import { createStreamWriter } from '../../../../src/pipelines/stream-writer.js';
import { minioService, startCompose, type ComposeProject } from '../../../services/compose.js';
import { rawBackup } from '../files/raw-backup.js';

/** Services of a test in containers, and the storage that backups of it go to: MinIO in the same project. */
export interface ContainerStack {
  readonly project: ComposeProject;
  readonly runtime: RuntimePort;
  readonly storage: StoragePort;
  /** Takes a backup as a worker does: compressed, encrypted, in pieces of 1 MiB, to MinIO. */
  backUp(store: StorePort, call?: StoreCall): Promise<BackupReader>;
  /** Command lines of a service's processes that carry a marker. */
  marked(service: string, marker: string): Promise<string[]>;
  /** Names of the throwaway containers that calls of this file have left; other files have theirs beside. */
  throwaways(): Promise<string[]>;
  close(): Promise<void>;
}

const USER = 'storage-user';

export async function startContainerStack(
  services: Readonly<Record<string, unknown>>,
  more: Readonly<Record<string, unknown>> = {},
): Promise<ContainerStack> {
  const password = randomBytes(12).toString('hex');
  const project = await startCompose({
    services: { ...services, storage: minioService({ user: USER, password }) },
    ...more,
  });
  try {
    const runtime = createComposeRuntime({
      config: { tool: 'docker', files: [project.file], project: project.name },
      baseFolder: project.folder,
    });
    const storage = await makeStorage(await project.port('storage', 9000), password);
    const identity = await generateX25519Identity();
    const recipient = await identityToRecipient(identity);
    return {
      project,
      runtime,
      storage,
      close: project.close,
      async backUp(store, call = newCall()) {
        const id = randomBytes(4).toString('hex');
        const common = { stallSeconds: 60, signal: call.signal, marker: call.marker };
        const writer = createStreamWriter({
          ...common,
          backupId: id,
          sink: storage,
          keyOf: (object) => `data/x/${id}/${object}`,
          pieceLimit: 2 ** 20,
          recipients: [recipient],
        });
        const plain = rawBackup();
        const manifest = plain.manifest(store.kind, await store.dump(call, writer));
        plain.remove();
        const reading = { source: storage, streams: manifest.streams, encrypted: true, stallSeconds: 60 };
        return { manifest, ...createStreamReader({ ...reading, identity: new Secret(identity) }) };
      },
      async marked(service, marker) {
        const script = `for p in /proc/[0-9]*; do grep -qaF "STEADY_MARKER=$1" $p/environ 2>/dev/null && tr '\\0' ' ' <$p/cmdline && echo; done; true`;
        return (await project.exec(service, 'bash', '-c', script, 'bash', marker))
          .split('\n')
          .filter(Boolean);
      },
      async throwaways() {
        const { docker } = await import('../../../services/docker.js');
        const format = '{{.Names}} {{.Label "steadyhand.marker"}}';
        const lines = await docker('ps', '-a', '--filter', 'label=steadyhand.marker', '--format', format);
        const found = lines.split('\n').map((line) => line.split(' '));
        return found.flatMap(([name, marker]) => (name && marker && MARKERS.has(marker) ? [name] : []));
      },
    };
  } catch (error) {
    await project.close();
    throw error;
  }
}

async function makeStorage(port: number, password: string): Promise<StoragePort> {
  const credentials = { accessKey: new Secret(USER), secretKey: new Secret(password) };
  const config = s3StorageSchema.parse({ bucket: 'backups', endpoint: `http://127.0.0.1:${port}` });
  const client = createS3Client(config, credentials, S3_LIMITS);
  await client.send(new CreateBucketCommand({ Bucket: config.bucket }));
  return createS3Storage({ config, credentials, stack: 'test' });
}

/** Of the calls that were made here. */
const MARKERS = new Set<string>();

/** A call with a marker of its own; attempts of one activity share the prefix. */
export function newCall(given: Partial<StoreCall> = {}): StoreCall & { readonly lines: string[] } {
  const lines: string[] = [];
  const markerPrefix = given.markerPrefix ?? `steady-${randomBytes(6).toString('hex')}-`;
  const marker = `${markerPrefix}${MARKERS.size + 1}`;
  MARKERS.add(marker);
  return {
    signal: new AbortController().signal,
    markerPrefix,
    marker,
    say: (line) => void lines.push(line),
    lines,
    ...given,
  };
}

export const BESIDE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };
