import { open } from 'node:fs/promises';
import { SteadyError } from '../../../contracts/failures.js';

import { versionOf, type RedisVersion } from './versions.js';

export interface RdbHeader {
  readonly version: number;
  /** AUX fields such as `redis-ver`, `ctime` (seconds, the server's clock at the snapshot), `used-mem`. */
  readonly aux: ReadonlyMap<string, string>;
}

const OPCODE_AUX = 0xfa;

/**
 * Reads magic, format version and AUX fields from the beginning of an RDB (format: src/rdb.c of Redis, `rdbSaveRio`;
 * Valkey from 9 on writes `VALKEY080`). Throws `stream.corrupt` when it is no RDB.
 */
export function parseRdbHeader(start: Buffer): RdbHeader {
  const magic = /^(?:REDIS(\d{4})|VALKEY(\d{3}))$/.exec(start.subarray(0, 9).toString('latin1'));
  if (!magic)
    throw new SteadyError('stream.corrupt', { says: 'no RDB: the magic at its beginning is missing' });
  const aux = new Map<string, string>();
  let at = 9;
  while (start[at] === OPCODE_AUX) {
    const name = readString(start, at + 1);
    const value = name && readString(start, name.next);
    if (!name || !value) break;
    aux.set(name.text, value.text);
    at = value.next;
  }
  return { version: Number(magic[1] ?? magic[2]), aux };
}

interface ReadText {
  readonly text: string;
  readonly next: number;
}

/** An RDB string: a length in 6, 14 or 32 bits, or a number in 8, 16 or 32 bits. Undefined at the buffer's end. */
function readString(buffer: Buffer, at: number): ReadText | undefined {
  const first = buffer[at];
  if (first === undefined || at + 6 > buffer.length) return undefined;
  const low = first & 0x3f;
  switch (first >> 6) {
    case 0:
      return readText(buffer, at + 1, low);
    case 1:
      return readText(buffer, at + 2, (low << 8) | buffer.readUInt8(at + 1));
    case 2:
      return readText(buffer, at + 5, buffer.readUInt32BE(at + 1));
    default:
      if (low === 0) return { text: String(buffer.readInt8(at + 1)), next: at + 2 };
      if (low === 1) return { text: String(buffer.readInt16LE(at + 1)), next: at + 3 };
      if (low === 2) return { text: String(buffer.readInt32LE(at + 1)), next: at + 5 };
      return undefined;
  }
}

function readText(buffer: Buffer, at: number, length: number): ReadText | undefined {
  if (at + length > buffer.length) return undefined;
  return { text: buffer.subarray(at, at + length).toString('utf8'), next: at + length };
}

/** The server that wrote it, by its own word; Redis when it does not say. */
export function writerIn({ aux }: RdbHeader): RedisVersion {
  const valkey = aux.get('valkey-ver');
  return versionOf(valkey === undefined ? 'redis' : 'valkey', valkey ?? aux.get('redis-ver') ?? '0.0.0');
}

/** Header of an RDB file. */
export async function readRdbHeader(file: string): Promise<RdbHeader> {
  const handle = await open(file, 'r');
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(4096), 0, 4096, 0);
    return parseRdbHeader(buffer.subarray(0, bytesRead));
  } finally {
    await handle.close();
  }
}
