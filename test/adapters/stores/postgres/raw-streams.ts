import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { BackupReader, BackupWriter, DumpResult } from '../../../../src/adapters/stores/port.js';
import type { StoredStream } from '../../../../src/contracts/stored/document.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import { spawnTool, toolFailure } from '../../../../src/pipelines/spawn-tool.js';

/** Stores raw streams as files: what the adapters see of a backup, without storage, compression and encryption. */
export function rawWriter(folder: string, signal?: AbortSignal): BackupWriter {
  const write = async (name: string, body: AsyncIterable<Buffer>): Promise<StoredStream> => {
    const hash = createHash('sha256');
    const counted = { bytes: 0 };
    async function* metered() {
      for await (const chunk of body) {
        hash.update(chunk);
        counted.bytes += chunk.length;
        // What reads ahead here must not keep what is overwritten when more is asked for.
        yield Buffer.from(chunk);
      }
    }
    await pipeline(Readable.from(metered(), { objectMode: true }), createWriteStream(join(folder, name)));
    const sha256 = hash.digest('hex');
    return {
      name,
      pieces: [{ key: name, bytes: counted.bytes, sha256 }],
      rawBytes: counted.bytes,
      rawSha256: sha256,
    };
  };
  return {
    backupId: '20261122T020000Z-k7q2m9xd',
    content: write,
    async stream(name, producer) {
      const running = await spawnTool(producer, signal ? { signal } : {});
      running.stdin.end();
      const stored = await write(name, running.stdout as AsyncIterable<Buffer>);
      const exit = await running.exited;
      if (exit.code !== 0) throw toolFailure(running, exit);
      return stored;
    },
  };
}

export function rawReader(folder: string, manifest: Manifest, signal?: AbortSignal): BackupReader {
  const open = (name: string): AsyncIterable<Buffer> =>
    createReadStream(join(folder, name)) as AsyncIterable<Buffer>;
  return {
    manifest,
    open,
    async stream(name, consumer) {
      const rawBytes = manifest.streams.find((s) => s.name === name)?.rawBytes ?? 0;
      if (consumer === undefined) {
        for await (const chunk of open(name)) void chunk;
        return { rawBytes, stdout: '' };
      }
      const running = await spawnTool(consumer, signal ? { signal } : {});
      const output: Buffer[] = [];
      running.stdout.on('data', (chunk: Buffer) => output.push(chunk));
      await pipeline(Readable.from(open(name)), running.stdin).catch(() => undefined);
      const exit = await running.exited;
      if (exit.code !== 0) throw toolFailure(running, exit);
      return { rawBytes, stdout: Buffer.concat(output).toString('utf8') };
    },
  };
}

/** The manifest of a dump, as `seal` would write it. */
export function manifestOf(dump: DumpResult): Manifest {
  const bytes = dump.streams.reduce((sum, stream) => sum + stream.rawBytes, 0);
  return {
    version: 1,
    id: '20261122T020000Z-k7q2m9xd',
    stack: 'test',
    stackUuid: '00000000-0000-4000-8000-000000000000',
    store: 'db',
    kind: 'postgres',
    ...dump,
    run: { workflowId: 'backup.test.1', runId: '1' },
    startedAt: dump.takenAt,
    finishedAt: dump.takenAt,
    bytes,
    rawBytes: bytes,
    compression: 'zstd',
    recipients: [],
    restore: [],
  };
}
