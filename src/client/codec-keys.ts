import { readFileSync } from 'node:fs';
import { SteadyError } from '../contracts/failures.js';

export interface CodecKeys {
  /** The first one encrypts. */
  readonly keys: readonly { readonly id: string; readonly secret: Uint8Array }[];
  /** Plain payloads are taken too: for the time of the change in a namespace that has been used without. */
  readonly plain: boolean;
}

export const KEYS_VARIABLE = 'STEADY_CODEC_KEYS';
export const KEYS_FILE_VARIABLE = 'STEADY_CODEC_KEYS_FILE';

/**
 * Keys of the payload codec: `id:base64 of 32 bytes`, a line each (or with commas between them), from
 * STEADY_CODEC_KEYS_FILE or STEADY_CODEC_KEYS; none where neither is set. Throws `codec.keys-invalid`, which never holds
 * any of it.
 */
export function readCodecKeys(env: NodeJS.ProcessEnv = process.env): CodecKeys {
  const file = env[KEYS_FILE_VARIABLE];
  const from = file ? { file } : { env: KEYS_VARIABLE };
  const given = file ? readKeysFile(file) : env[KEYS_VARIABLE];
  if (!given) return { keys: [], plain: true };
  const lines = given
    .split(/[\n,]/)
    .map((line) => line.trim())
    .filter((line) => line !== '' && !line.startsWith('#'));
  const refuse = (at: number, error: string) =>
    new SteadyError('codec.keys-invalid', { ...from, line: at + 1, error });
  const keys: { id: string; secret: Uint8Array }[] = [];
  lines.forEach((line, at) => {
    if (line === 'plain') return;
    const [, id, encoded = ''] = /^([\w.-]{1,64}):([A-Za-z0-9+/]+={0,2})$/.exec(line) ?? [];
    if (id === undefined) throw refuse(at, 'not `id:` and a key in base64');
    const secret = Buffer.from(encoded, 'base64');
    if (secret.length !== 32) throw refuse(at, `a key of ${secret.length} bytes; 32 are needed`);
    if (keys.some((one) => one.id === id)) throw refuse(at, `the id ${id} comes twice`);
    keys.push({ id, secret });
  });
  if (keys.length === 0) throw new SteadyError('codec.keys-invalid', { ...from, error: 'holds no key' });
  return { keys, plain: lines.includes('plain') };
}

function readKeysFile(file: string): string {
  try {
    const text = readFileSync(file, 'utf8');
    return text.trim() === '' ? '#' : text;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    throw new SteadyError('codec.keys-invalid', { file, error: code }, { cause });
  }
}
