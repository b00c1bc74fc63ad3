import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/contracts/secret.js';
import { createPace } from '../../src/pipelines/pace.js';
import { createStreamWriter, type StreamWriterOptions } from '../../src/pipelines/stream-writer.js';
import { newKey } from './keys.js';
import { memoryObjects, type MemoryObjects } from './memory-objects.js';
import { markedProcesses, signalNamed, until } from './processes.js';

const KiB64 = 64 * 1024;
const key = newKey();
let folder = '';
let file = '';
let source = Buffer.alloc(0);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'steady-pipe-'));
  file = join(folder, 'source');
  const noise = randomBytes(300_000)
    .toString('hex')
    .replaceAll(/(.{50})/g, '$1\n');
  source = Buffer.from(noise);
  writeFileSync(file, source);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function writerOn(sink: MemoryObjects, options: Partial<StreamWriterOptions> = {}) {
  return createStreamWriter({
    backupId: 'b1',
    sink,
    keyOf: (object) => `data/${object}`,
    pieceLimit: KiB64,
    recipients: [key.recipient],
    stallSeconds: 20,
    ...options,
  });
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');

describe('a stored stream', () => {
  it('moves no faster than its pace, and one that stands still is not its fault', async () => {
    const rate = 300_000;
    const options = { pace: createPace(rate), stallSeconds: 1, recipients: [] };
    const began = performance.now();
    const { pieces } = await writerOn(memoryObjects(), options).stream('db', {
      label: 'head',
      argv: ['head', '-c', `${4 * rate}`, '/dev/urandom'],
    });
    const bytes = pieces.reduce((sum, piece) => sum + piece.bytes, 0);
    expect(bytes).toBeGreaterThan(4 * rate);
    // What the first second may move is free.
    expect(performance.now() - began).toBeGreaterThan(2900);
  });

  it('is cut in pieces that stock tools put together again', async () => {
    const sink = memoryObjects();
    const stream = await writerOn(sink).stream('db', { label: 'cat', argv: ['cat', file] });

    expect(stream.pieces.map((piece) => piece.key).slice(0, 3)).toEqual([
      'data/db.zst.age.000',
      'data/db.zst.age.001',
      'data/db.zst.age.002',
    ]);
    expect(stream.pieces.slice(0, -1).every((piece) => piece.bytes === KiB64)).toBe(true);
    expect(stream.rawBytes).toBe(source.length);
    expect(stream.rawSha256).toBe(sha256(source));
    for (const piece of stream.pieces) {
      const object = sink.objects.get(piece.key) ?? Buffer.alloc(0);
      expect([object.length, sha256(object)]).toEqual([piece.bytes, piece.sha256]);
    }

    const pieces: string[] = [];
    for (const [index, piece] of stream.pieces.entries()) {
      const path = join(folder, `piece.${String(index).padStart(3, '0')}`);
      writeFileSync(path, sink.objects.get(piece.key) ?? '');
      pieces.push(path);
    }
    writeFileSync(join(folder, 'id'), key.identity.reveal(), { mode: 0o600 });
    const restored = execFileSync(
      'sh',
      ['-c', `cat ${pieces.join(' ')} | age -d -i ${join(folder, 'id')} | zstd -dc`],
      {
        maxBuffer: 2 ** 24,
      },
    );
    expect(restored.equals(source)).toBe(true);
  });

  it('is plain zstd without recipients', async () => {
    const sink = memoryObjects();
    const stream = await writerOn(sink, { recipients: [], pieceLimit: 2 ** 30 }).stream('db', {
      label: 'cat',
      argv: ['cat', file],
    });
    expect([...sink.objects.keys()]).toEqual(['data/db.zst.000']);
    expect(stream.lines).toBeUndefined();
    const restored = execFileSync('zstd', ['-dc'], {
      input: sink.objects.get('data/db.zst.000'),
      maxBuffer: 2 ** 24,
    });
    expect(restored.equals(source)).toBe(true);
  });

  it('can come from this process, also with nothing in it', async () => {
    const sink = memoryObjects();
    const writer = writerOn(sink, { recipients: [] });
    const body = async function* (): AsyncGenerator<Buffer> {
      yield Buffer.from('create ');
      yield await Promise.resolve(Buffer.from('role'));
    };
    expect((await writer.content('globals', body())).rawBytes).toBe(11);
    const empty = await writer.content('none', (async function* () {})());
    expect(empty.rawBytes).toBe(0);
    expect(execFileSync('zstd', ['-dc'], { input: sink.objects.get('data/none.zst.000') }).length).toBe(0);
  });

  it('tells its progress, the last time with all bytes', async () => {
    const told: number[] = [];
    const sink = memoryObjects();
    const stream = await writerOn(sink, { onProgress: (p) => told.push(p.rawBytes, p.storedBytes) }).stream(
      'db',
      {
        label: 'cat',
        argv: ['cat', file],
      },
    );
    expect(told.slice(-2)).toEqual([
      source.length,
      stream.pieces.reduce((sum, piece) => sum + piece.bytes, 0),
    ]);
  });
});

describe('a pipeline that fails', () => {
  const shell = (script: string) => ({
    label: 'dump',
    argv: ['sh', '-c', script] as const,
    env: { STEADY_MARKER: `w-${script.length}` },
  });

  it('completes nothing when the producer ends with 1 after its output', async () => {
    const sink = memoryObjects();
    const writer = writerOn(sink, { pieceLimit: 2 ** 30 });
    await expect(
      writer.stream('db', shell(`cat ${file}; echo 'connection lost' >&2; exit 1`)),
    ).rejects.toMatchObject({
      code: 'tool.failed',
      message: 'a tool failed [tool=dump exit=1 says="connection lost"]',
    });
    expect(sink.objects.size).toBe(0);
    expect(sink.discarded).toEqual(['data/db.zst.age.000']);
  });

  it('does not complete a last piece that is exactly full', async () => {
    // Stored bytes of this producer are known from a run that succeeds.
    const good = memoryObjects();
    const stream = await writerOn(good, { recipients: [], pieceLimit: 2 ** 30 }).stream(
      'db',
      shell(`cat ${file}`),
    );
    const sink = memoryObjects();
    const writer = writerOn(sink, { recipients: [], pieceLimit: stream.pieces[0]?.bytes ?? 0 });
    await expect(writer.stream('db', shell(`cat ${file}; exit 3`))).rejects.toMatchObject({
      code: 'tool.failed',
    });
    expect(sink.objects.size).toBe(0);
  });

  it('completes nothing when the producer is killed', async () => {
    const sink = memoryObjects();
    await expect(writerOn(sink).stream('db', shell('echo rows; kill -KILL $$'))).rejects.toMatchObject({
      message: 'a tool failed [tool=dump exit=SIGKILL]',
    });
    expect(sink.objects.size).toBe(0);
  });

  it.each(['zstd', 'age'])('names %s when that was killed, and ends the producer', async (victim) => {
    const marker = `writer-kill-${victim}-${process.pid}`;
    const killed = { done: false };
    const sink = memoryObjects({
      onChunk: (_key, bytes) => {
        if (killed.done || bytes < 200_000) return;
        killed.done = true;
        signalNamed(marker, victim, 'SIGKILL');
      },
    });
    const producer = {
      label: 'dump',
      argv: ['cat', '/dev/urandom'] as const,
      env: { STEADY_MARKER: marker },
    };
    await expect(writerOn(sink, { pieceLimit: 2 ** 30 }).stream('db', producer)).rejects.toMatchObject({
      message: `a tool failed [tool=${victim} exit=SIGKILL]`,
    });
    expect(sink.objects.size).toBe(0);
    expect(markedProcesses(marker)).toEqual([]);
  });

  it('ends everything when storage refuses, and says what storage said', async () => {
    const marker = `writer-refuse-${process.pid}`;
    const sink = memoryObjects({
      onChunk: (_key, bytes) => {
        if (bytes > 200_000) throw new Error('no space left');
      },
    });
    const producer = {
      label: 'dump',
      argv: ['cat', '/dev/urandom'] as const,
      env: { STEADY_MARKER: marker },
    };
    await expect(writerOn(sink, { pieceLimit: 2 ** 30 }).stream('db', producer)).rejects.toThrow(
      'no space left',
    );
    expect(markedProcesses(marker)).toEqual([]);
  });

  it('tells the cause also when storage gives it words of its own', async () => {
    const sink = memoryObjects();
    const wrapping: MemoryObjects = {
      ...sink,
      put: (key, body) => sink.put(key, body).catch(() => Promise.reject(new Error('upload aborted'))),
    };
    await expect(writerOn(wrapping).stream('db', shell('echo rows; exit 4'))).rejects.toMatchObject({
      message: 'a tool failed [tool=dump exit=4]',
    });
  });

  it('is a mismatch when storage confirms other bytes', async () => {
    const sink = memoryObjects({ confirm: (result) => ({ ...result, bytes: result.bytes - 1 }) });
    await expect(writerOn(sink).stream('db', shell('echo rows'))).rejects.toMatchObject({
      code: 'storage.mismatch',
    });
  });

  it('is a mismatch when storage ends before it has read everything', async () => {
    const sink = memoryObjects();
    const lazy: MemoryObjects = {
      ...sink,
      put: () => Promise.resolve({ bytes: 0, sha256: sha256(Buffer.alloc(0)) }),
    };
    await expect(writerOn(lazy).stream('db', shell('echo rows'))).rejects.toMatchObject({
      code: 'storage.mismatch',
    });
  });

  it('takes secrets out of the last words', async () => {
    const producer = {
      label: 'dump',
      argv: ['sh', '-c', 'echo "bad password $PGPASSWORD" >&2; exit 1'] as const,
      secrets: { PGPASSWORD: new Secret('hunter2hunter2') },
    };
    await expect(writerOn(memoryObjects()).stream('db', producer)).rejects.toMatchObject({
      message: 'a tool failed [tool=dump exit=1 says="bad password [secret]"]',
    });
  });

  it('says which tool is not installed', async () => {
    const producer = { label: 'pg_dump', argv: ['pg_dump_of_nowhere'] as const };
    await expect(writerOn(memoryObjects()).stream('db', producer)).rejects.toMatchObject({
      message: 'a tool is not installed [tool=pg_dump_of_nowhere]',
    });
  });

  it('fails with a source in this process', async () => {
    const sink = memoryObjects();
    const body = async function* (): AsyncGenerator<Buffer> {
      yield await Promise.resolve(Buffer.from('half'));
      throw new Error('replication broke');
    };
    await expect(writerOn(sink).content('rdb', body())).rejects.toThrow('replication broke');
    expect(sink.objects.size).toBe(0);
  });
});

describe('limits and abort', () => {
  const silent = (marker: string) => ({
    label: 'pg_dump',
    argv: ['sh', '-c', 'echo begin; exec sleep 600'] as const,
    env: { STEADY_MARKER: marker },
  });

  it('tells a producer that sends nothing', async () => {
    const marker = `writer-silent-${process.pid}`;
    await expect(
      writerOn(memoryObjects(), { stallSeconds: 0.4 }).stream('db', silent(marker)),
    ).rejects.toMatchObject({
      code: 'stream.stalled',
      facts: { stream: 'db', hop: 'pg_dump', why: 'sends no bytes' },
    });
    expect(markedProcesses(marker)).toEqual([]);
  });

  it('tells storage that takes nothing from a producer that is silent', async () => {
    const sink = memoryObjects({
      onChunk: (_key, bytes) => (bytes > 100_000 ? new Promise(() => undefined) : undefined),
    });
    const abortable: MemoryObjects = {
      ...sink,
      put: (key, body, options) =>
        Promise.race([
          sink.put(key, body, options),
          new Promise<never>((_, reject) =>
            options?.signal?.addEventListener('abort', () => reject(new Error('aborted'))),
          ),
        ]),
    };
    const producer = { label: 'pg_dump', argv: ['cat', '/dev/urandom'] as const };
    const writer = writerOn(abortable, { stallSeconds: 0.5, pieceLimit: 2 ** 30 });
    await expect(writer.stream('db', producer)).rejects.toMatchObject({
      code: 'stream.stalled',
      facts: { hop: 'storage', why: 'storage takes no bytes (back-pressure, not the source)' },
    });
  });

  it('waits no longer than the stall limit for storage that does not end what it gave up', async () => {
    const sink = memoryObjects({
      onChunk: (_key, bytes) => (bytes > 100_000 ? new Promise(() => undefined) : undefined),
    });
    const producer = { label: 'pg_dump', argv: ['cat', '/dev/urandom'] as const };
    const writer = writerOn(sink, { stallSeconds: 0.5, pieceLimit: 2 ** 30 });
    const began = performance.now();
    await expect(writer.stream('db', producer)).rejects.toMatchObject({ code: 'stream.stalled' });
    expect(performance.now() - began).toBeLessThan(10_000);
  });

  it('tells a filter that stands still', async () => {
    const marker = `writer-frozen-${process.pid}`;
    const frozen = { done: false };
    const sink = memoryObjects({
      onChunk: (_key, bytes) => {
        if (frozen.done || bytes < 200_000) return;
        frozen.done = true;
        signalNamed(marker, 'age', 'SIGSTOP');
      },
    });
    const producer = {
      label: 'pg_dump',
      argv: ['cat', '/dev/urandom'] as const,
      env: { STEADY_MARKER: marker },
    };
    const writer = writerOn(sink, { stallSeconds: 0.5, pieceLimit: 2 ** 30 });
    await expect(writer.stream('db', producer)).rejects.toMatchObject({
      facts: { hop: 'zstd and age', why: 'takes no bytes and gives none' },
    });
    expect(markedProcesses(marker)).toEqual([]);
  });

  it('leaves no process when it is aborted, here and inside a container', async () => {
    const marker = `writer-abort-${process.pid}`;
    const controller = new AbortController();
    let endedInside = 0;
    const producer = { ...silent(marker), endInside: () => Promise.resolve(void endedInside++) };
    const writing = writerOn(memoryObjects(), { signal: controller.signal }).stream('db', producer);
    await until('three processes', () => markedProcesses(marker).length === 3);
    controller.abort();
    await expect(writing).rejects.toMatchObject({ code: 'cancelled', facts: { stream: 'db' } });
    expect(markedProcesses(marker)).toEqual([]);
    expect(endedInside).toBeGreaterThan(0);
  });

  it('says so when a process inside a container could not be ended', async () => {
    const producer = {
      label: 'dump in postgres',
      argv: ['sh', '-c', 'exit 2'] as const,
      endInside: () => Promise.reject(new Error('docker does not answer')),
    };
    await expect(writerOn(memoryObjects()).stream('db', producer)).rejects.toMatchObject({
      code: 'tool.failed',
      facts: { exit: 2, leftRunning: 'docker does not answer' },
    });
  });

  it('starts nothing when it is aborted before', async () => {
    const marker = `writer-before-${process.pid}`;
    const writing = writerOn(memoryObjects(), { signal: AbortSignal.abort() }).stream('db', silent(marker));
    await expect(writing).rejects.toMatchObject({ code: 'cancelled' });
    expect(markedProcesses(marker)).toEqual([]);
  });
});
