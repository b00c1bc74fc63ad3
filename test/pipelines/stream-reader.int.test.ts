import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Secret } from '../../src/contracts/secret.js';
import type { StoredStream } from '../../src/contracts/stored/document.js';
import { createStreamReader, type StreamReaderOptions } from '../../src/pipelines/stream-reader.js';
import { createStreamWriter } from '../../src/pipelines/stream-writer.js';
import { newKey } from './keys.js';
import { memoryObjects, type MemoryObjects } from './memory-objects.js';
import { markedProcesses, signalNamed, until } from './processes.js';

const key = newKey();
const raw = randomBytes(700_000);
let folder = '';
let objects: MemoryObjects;
let stream: StoredStream;

async function store(
  recipients: string[],
  pieceLimit = 64 * 1024,
  body = raw,
): Promise<[MemoryObjects, StoredStream]> {
  const sink = memoryObjects();
  const writer = createStreamWriter({
    backupId: 'b',
    sink,
    keyOf: (o) => o,
    pieceLimit,
    recipients,
    stallSeconds: 20,
  });
  return [sink, await writer.content('db', Readable.from([body]))];
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'steady-pipe-'));
  [objects, stream] = await store([newKey().recipient, key.recipient]);
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function readerOf(options: Partial<StreamReaderOptions> = {}) {
  return createStreamReader({
    source: objects,
    streams: [stream],
    encrypted: true,
    identity: key.identity,
    stallSeconds: 20,
    ...options,
  });
}

/** The same objects, one of them changed. */
function changed(
  index: number,
  change: (object: Buffer) => Buffer | undefined,
  base = objects,
): MemoryObjects {
  const copy = memoryObjects();
  for (const [name, bytes] of base.objects) copy.objects.set(name, bytes);
  const name = [...base.objects.keys()][index] ?? '';
  const bytes = change(Buffer.from(base.objects.get(name) ?? ''));
  if (bytes) copy.objects.set(name, bytes);
  else copy.objects.delete(name);
  return copy;
}

const flip = (at: number) => (object: Buffer) => {
  object[at] = (object[at] ?? 0) ^ 1;
  return object;
};

/** A consumer that tells in a file whether it saw the normal end of its input. */
function consumer(marker: string) {
  const witness = join(folder, `${marker}.end`);
  const argv = ['sh', '-c', 'cat > "$1.data" && echo end > "$1"', 'sh', witness] as const;
  return { witness, tool: { label: 'psql', argv, env: { STEADY_MARKER: marker } } };
}

describe('reading a stream', () => {
  it('gives a tool the very bytes that were stored, and what it said', async () => {
    const { witness, tool } = consumer('good');
    expect(await readerOf().stream('db', tool)).toEqual({ rawBytes: raw.length, stdout: '' });
    expect(readFileSync(`${witness}.data`).equals(raw)).toBe(true);
    const wc = await readerOf().stream('db', { label: 'wc', argv: ['wc', '-c'] });
    expect(wc.stdout.trim()).toBe(String(raw.length));
  });

  it('reads to the end without a consumer, and in this process', async () => {
    expect((await readerOf().stream('db')).rawBytes).toBe(raw.length);
    const chunks: Buffer[] = [];
    for await (const chunk of readerOf().open('db')) chunks.push(chunk);
    expect(Buffer.concat(chunks).equals(raw)).toBe(true);
  });

  it('reads what is not encrypted without an identity', async () => {
    const [plain, plainStream] = await store([]);
    const reader = readerOf({ source: plain, streams: [plainStream], encrypted: false, identity: undefined });
    expect((await reader.stream('db')).rawBytes).toBe(raw.length);
  });

  it('reads pieces so small that the header spans several', async () => {
    const [small, smallStream] = await store([key.recipient], 50, randomBytes(500));
    const reader = readerOf({ source: small, streams: [smallStream] });
    expect((await reader.stream('db')).rawBytes).toBe(500);
    const wrong = readerOf({ source: small, streams: [smallStream], identity: newKey().identity });
    await expect(wrong.stream('db')).rejects.toMatchObject({ code: 'key.wrong' });
  });

  it('ends its tools when a reader leaves early', async () => {
    const marker = `reader-leave-${process.pid}`;
    for await (const chunk of readerOf({ marker }).open('db')) {
      expect(chunk.length).toBeGreaterThan(0);
      break;
    }
    expect(markedProcesses(marker)).toEqual([]);
  });

  it('never shows the identity in argv', async () => {
    const marker = `reader-argv-${process.pid}`;
    const lines: string[] = [];
    const source = {
      get: async (name: string) => {
        for (const pid of markedProcesses(marker)) lines.push(readFileSync(`/proc/${pid}/cmdline`, 'utf8'));
        return objects.get(name);
      },
    };
    await readerOf({ marker, source }).stream('db');
    expect(lines.some((line) => line.startsWith('age'))).toBe(true);
    expect(lines.join('')).not.toContain('AGE-SECRET-KEY');
  });

  it('says when the manifest names no such stream', async () => {
    await expect(readerOf().stream('other')).rejects.toMatchObject({ code: 'storage.missing' });
  });
});

describe('a damaged backup', () => {
  const last = () => objects.objects.size - 1;
  it.each([
    ['in the header', 0, 150],
    ['in the first piece', 0, 30_000],
    ['in the middle', 5, 100],
    ['at the end of a piece', 5, 65_535],
  ])(
    'is named when a bit flipped %s, and the consumer never sees the end of its input',
    async (where, index, at) => {
      const { witness, tool } = consumer(`flip-${where.replaceAll(' ', '-')}`);
      const name = [...objects.objects.keys()][index];
      const reader = readerOf({ source: changed(index, flip(at)) });
      await expect(reader.stream('db', tool)).rejects.toMatchObject({
        code: 'stream.corrupt',
        facts: { key: name },
      });
      expect(existsSync(witness)).toBe(false);
      expect(markedProcesses(tool.env.STEADY_MARKER)).toEqual([]);
    },
  );

  it('is named when it is not encrypted either', async () => {
    const [plain, plainStream] = await store([]);
    const reader = readerOf({ source: changed(3, flip(9), plain), streams: [plainStream], encrypted: false });
    await expect(reader.stream('db')).rejects.toMatchObject({
      code: 'stream.corrupt',
      facts: { key: 'db.zst.003' },
    });
  });

  it('is named when a piece is cut off, longer or gone', async () => {
    const { witness, tool } = consumer('cut');
    const cut = readerOf({ source: changed(last(), (object) => object.subarray(0, -1)) });
    await expect(cut.stream('db', tool)).rejects.toMatchObject({
      code: 'stream.corrupt',
      facts: { key: stream.pieces.at(-1)?.key, expected: stream.pieces.at(-1)?.bytes },
    });
    const longer = readerOf({ source: changed(2, (object) => Buffer.concat([object, Buffer.from('x')])) });
    await expect(longer.stream('db', tool)).rejects.toMatchObject({
      code: 'stream.corrupt',
      facts: { key: stream.pieces[2]?.key },
    });
    const gone = readerOf({ source: changed(last(), () => undefined) });
    await expect(gone.stream('db', tool)).rejects.toMatchObject({ code: 'storage.missing' });
    expect(existsSync(witness)).toBe(false);
  });

  it('is noticed by the checksum of the raw bytes when another stream lies there whole', async () => {
    const other = { ...stream, rawSha256: '0'.repeat(64) };
    const { witness, tool } = consumer('other');
    const reader = readerOf({ streams: [other] });
    await expect(reader.stream('db', tool)).rejects.toMatchObject({
      code: 'stream.corrupt',
      facts: { stream: 'db' },
    });
    expect(existsSync(witness)).toBe(false);
  });

  it('ends a loop in this process with an error, not with an end', async () => {
    const read = async (): Promise<void> => {
      for await (const chunk of readerOf({ source: changed(5, flip(3)) }).open('db')) void chunk;
    };
    await expect(read()).rejects.toMatchObject({ code: 'stream.corrupt' });
  });
});

describe('keys', () => {
  it('refuses a wrong identity before anything reaches the consumer', async () => {
    const { witness, tool } = consumer('wrong-key');
    const reader = readerOf({ identity: newKey().identity });
    await expect(reader.stream('db', tool)).rejects.toMatchObject({ code: 'key.wrong' });
    expect(existsSync(witness)).toBe(false);
  });

  it('refuses a text that is no identity, without quoting it', async () => {
    const failure = readerOf({ identity: new Secret('not-an-identity') }).stream('db');
    await expect(failure).rejects.toMatchObject({ code: 'key.wrong' });
    await expect(failure).rejects.not.toThrow('not-an-identity');
  });

  it('asks for one that is missing', async () => {
    await expect(readerOf({ identity: undefined }).stream('db')).rejects.toMatchObject({
      code: 'key.missing',
    });
  });
});

describe('a consumer', () => {
  it('that fails is named with its last words', async () => {
    const tool = {
      label: 'psql',
      argv: ['sh', '-c', 'head -c 9 >/dev/null; echo "syntax error" >&2; exit 3'] as const,
    };
    await expect(readerOf().stream('db', tool)).rejects.toMatchObject({
      message: 'a tool failed [tool=psql exit=3 says="syntax error"]',
    });
  });

  it('that ends with 0 before it has read everything has failed', async () => {
    const tool = { label: 'psql', argv: ['head', '-c', '9'] as const };
    await expect(readerOf().stream('db', tool)).rejects.toMatchObject({
      message: 'a tool failed [tool=psql exit=0 error="ended before it had read everything"]',
    });
  });

  it('that takes nothing is told from storage that sends nothing', async () => {
    const tool = { label: 'psql', argv: ['sleep', '600'] as const };
    const reader = readerOf({ stallSeconds: 0.3, consumerStallSeconds: 0.5 });
    await expect(reader.stream('db', tool)).rejects.toMatchObject({
      code: 'stream.stalled',
      facts: { hop: 'psql', why: 'takes no bytes (back-pressure, not storage)' },
    });
    const source = { get: () => Promise.resolve(new Readable({ read: () => undefined })) };
    const silent = readerOf({ stallSeconds: 0.3, source });
    await expect(silent.stream('db', tool)).rejects.toMatchObject({
      code: 'stream.stalled',
      facts: { hop: 'storage', why: 'storage sends no bytes' },
    });
  });

  it.each(['age', 'zstd'])('is killed when %s is, and the killed one is named', async (victim) => {
    const marker = `reader-kill-${victim}-${process.pid}`;
    const { witness, tool } = consumer(marker);
    let pieces = 0;
    const source = {
      get: (name: string) => {
        if (pieces++ === 3) signalNamed(marker, victim, 'SIGKILL');
        return objects.get(name);
      },
    };
    await expect(readerOf({ source }).stream('db', tool)).rejects.toMatchObject({
      message: `a tool failed [tool=${victim} exit=SIGKILL]`,
    });
    expect(existsSync(witness)).toBe(false);
    expect(markedProcesses(marker)).toEqual([]);
  });

  it('is gone when the reading is aborted, ended inside its container before its input closes', async () => {
    const marker = `reader-abort-${process.pid}`;
    const controller = new AbortController();
    const alive: number[] = [];
    const source = { get: () => Promise.resolve(new Readable({ read: () => undefined })) };
    const tool = {
      label: 'psql in postgres',
      argv: ['cat'] as const,
      env: { STEADY_MARKER: marker },
      endInside: () => Promise.resolve(void alive.push(markedProcesses(marker).length)),
    };
    const reading = readerOf({ source, signal: controller.signal }).stream('db', tool);
    await until('three processes', () => markedProcesses(marker).length === 3);
    controller.abort();
    await expect(reading).rejects.toMatchObject({ code: 'cancelled' });
    expect(alive[0]).toBeGreaterThan(0);
    expect(markedProcesses(marker)).toEqual([]);
  });
});
