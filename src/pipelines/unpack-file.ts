import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { spawnTool, toolFailure } from './spawn-tool.js';

/** How a file is packed, by its first bytes (RFC 1952, RFC 8878, and the file formats of bzip2 and xz). */
const MAGIC = {
  gzip: Buffer.from([0x1f, 0x8b]),
  zstd: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
  bzip2: Buffer.from('BZh'),
  xz: Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00]),
} as const;
export type Packing = keyof typeof MAGIC | 'none';

export async function packingOf(file: string): Promise<Packing> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(8), 0, 8, 0);
    const start = buffer.subarray(0, bytesRead);
    const found = Object.entries(MAGIC).find(([, magic]) => start.subarray(0, magic.length).equals(magic));
    return (found?.[0] as Packing | undefined) ?? 'none';
  } finally {
    await handle.close();
  }
}

export interface UnpackOptions {
  readonly signal: AbortSignal;
  /** Marks the tool that unpacks. */
  readonly marker: string;
  /** Sees the bytes of the file itself as they pass. */
  readonly onFile?: (chunk: Buffer) => void;
}

/**
 * The content of a file, unpacked by the tool its packing is named after. Ends only when all of the file was read and the
 * tool found it whole: fails with `tool.failed`, with the tool's words, when it is cut off or damaged.
 */
export async function* unpackFile(file: string, options: UnpackOptions): AsyncGenerator<Buffer, void> {
  const { signal, marker, onFile } = options;
  const packing = await packingOf(file);
  async function* read(): AsyncGenerator<Buffer, void> {
    for await (const chunk of createReadStream(file, { signal }) as AsyncIterable<Buffer>) {
      onFile?.(chunk);
      yield chunk;
    }
  }
  if (packing === 'none') return yield* read();
  const tool = { argv: [packing, '-d', '-c'] as const, label: packing, env: { STEADY_MARKER: marker } };
  const running = await spawnTool({ ...tool, env: { ...tool.env, LC_ALL: 'C' } }, { signal });
  try {
    const fed = pipeline(read, running.stdin);
    // A tool that found damage takes no more: its exit code tells.
    fed.catch(() => undefined);
    for await (const chunk of running.stdout as AsyncIterable<Buffer>) yield chunk;
    const exit = await running.exited;
    if (exit.code !== 0) throw toolFailure(running, exit);
    await fed;
  } finally {
    await running.end();
  }
}
