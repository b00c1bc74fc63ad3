import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type {
  BackupReader,
  BackupWriter,
  DumpResult,
  StoreCall,
} from '../../../../src/adapters/stores/port.js';
import type { StoredStream } from '../../../../src/contracts/stored/document.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import { spawnTool, toolFailure } from '../../../../src/pipelines/spawn-tool.js';
import type { PlacedTool } from '../../../../src/pipelines/tool.js';

/** Streams of one backup as plain files in a folder: what the pipelines do, without compression and storage. */
export interface RawBackup {
  readonly folder: string;
  readonly writer: BackupWriter;
  path(stream: string): string;
  manifest(kind: string, dump: DumpResult): Manifest;
  reader(manifest: Manifest): BackupReader;
  remove(): void;
}

export function rawBackup(): RawBackup {
  const folder = mkdtempSync(join(tmpdir(), 'steady-raw-'));
  const path = (stream: string): string => join(folder, stream);
  const store = async (name: string, body: AsyncIterable<Buffer>): Promise<StoredStream> => {
    const hash = createHash('sha256');
    let bytes = 0;
    const counted = async function* () {
      for await (const chunk of body) {
        hash.update(chunk);
        bytes += chunk.length;
        yield chunk;
      }
    };
    await pipeline(counted, createWriteStream(path(name)));
    const sha256 = hash.digest('hex');
    return { name, pieces: [{ key: name, bytes, sha256 }], rawBytes: bytes, rawSha256: sha256 };
  };
  const writer: BackupWriter = {
    backupId: '20261122T020000Z-k7q2m9xd',
    async stream(name, producer) {
      const running = await spawnTool(producer);
      running.stdin.end();
      const stored = await store(name, running.stdout);
      const exit = await running.exited;
      if (exit.code !== 0) throw toolFailure(running, exit);
      return stored;
    },
    content: store,
  };
  return {
    folder,
    writer,
    path,
    manifest: (kind, dump) => ({
      version: 1,
      id: writer.backupId,
      stack: 'test',
      stackUuid: '00000000-0000-4000-8000-000000000000',
      store: 'data',
      kind,
      method: dump.method,
      run: { workflowId: 'backup.test.x', runId: 'r' },
      startedAt: '2026-11-22T02:00:00.000Z',
      takenAt: dump.takenAt,
      finishedAt: '2026-11-22T02:00:10.000Z',
      server: dump.server,
      tools: dump.tools,
      streams: dump.streams,
      bytes: 0,
      rawBytes: dump.streams.reduce((sum, stream) => sum + stream.rawBytes, 0),
      facts: dump.facts,
      // As it comes back from storage.
      detail: JSON.parse(JSON.stringify(dump.detail)) as Record<string, unknown>,
      compression: 'zstd',
      recipients: [],
      notes: dump.notes,
      restore: [],
    }),
    reader: (manifest) => ({
      manifest,
      async stream(name, consumer) {
        if (!consumer) {
          let rawBytes = 0;
          for await (const chunk of createReadStream(path(name))) rawBytes += (chunk as Buffer).length;
          return { rawBytes, stdout: '' };
        }
        return feed(path(name), consumer);
      },
      open: (name) => createReadStream(path(name)),
    }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

async function feed(file: string, consumer: PlacedTool): Promise<{ rawBytes: number; stdout: string }> {
  const running = await spawnTool(consumer);
  let stdout = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  let rawBytes = 0;
  const counted = async function* () {
    for await (const chunk of createReadStream(file)) {
      rawBytes += (chunk as Buffer).length;
      yield chunk as Buffer;
    }
  };
  await pipeline(counted, running.stdin).catch(() => undefined);
  const exit = await running.exited;
  if (exit.code !== 0) throw toolFailure(running, exit);
  return { rawBytes, stdout };
}

let calls = 0;

/** A call of the adapter with a marker of its own; `lines` keeps what it said. */
export function testCall(): StoreCall & { readonly lines: string[] } {
  const lines: string[] = [];
  calls += 1;
  const markerPrefix = `test-${process.pid}`;
  const signal = new AbortController().signal;
  return { signal, marker: `${markerPrefix}-${calls}`, markerPrefix, say: (line) => lines.push(line), lines };
}
