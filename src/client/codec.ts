import type { Payload, PayloadCodec } from '@temporalio/common';
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import protobuf from 'protobufjs';
import { SteadyError } from '../contracts/failures.js';
import type { CodecKeys } from './codec-keys.js';

/** As Temporal's own samples mark it (docs.temporal.io, "Payload Codec"). */
const ENCODING = 'binary/encrypted';
const CIPHER = 'A256GCM';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** temporal.api.common.v1.Payload, so that other tools with the key read it too. */
const PAYLOAD = new protobuf.Type('Payload')
  .add(new protobuf.MapField('metadata', 1, 'string', 'bytes'))
  .add(new protobuf.Field('data', 2, 'bytes'));

/** What a schedule of somebody else says of itself, in a list. */
const UNREADABLE: Payload = {
  metadata: { encoding: Buffer.from('json/plain') },
  data: Buffer.from('null'),
};

/**
 * AES-256-GCM over whole payloads (NIST SP 800-38D): nonce, ciphertext, tag. The id of the key stands beside it, and is
 * authenticated. The first key encrypts, any of them decrypts. With keys, a payload that was not encrypted with one of
 * them is refused: whoever reaches Temporal without a key can neither read nor ask for anything. Without keys nothing is
 * encrypted, and what is encrypted is told as such.
 *
 * @param lists whether lists of schedules are read with it: others' are among them, in a shared namespace
 */
export function createCodec({ keys, plain }: CodecKeys, lists = false): PayloadCodec {
  const [first] = keys;
  return {
    encode: (payloads) =>
      Promise.resolve(first === undefined ? payloads : payloads.map((payload) => encrypt(payload, first))),

    decode: async (payloads, context) =>
      payloads.map((payload) => (lists && context === undefined ? listed(payload) : decrypt(payload))),
  };

  /** In lists memos of schedules come without a context. */
  function listed(payload: Payload): Payload {
    try {
      return decrypt(payload);
    } catch {
      return encodingOf(payload) === ENCODING ? UNREADABLE : payload;
    }
  }

  function decrypt(payload: Payload): Payload {
    if (encodingOf(payload) !== ENCODING) {
      if (first === undefined || plain) return payload;
      throw new SteadyError('codec.plain', {});
    }
    const id = text(payload.metadata?.['encryption-key-id']);
    const key = keys.find((one) => one.id === id);
    if (key === undefined)
      throw new SteadyError('codec.key-missing', {
        key: id,
        here: keys.map((one) => one.id).join(',') || 'none',
      });
    const data = payload.data ?? new Uint8Array();
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.secret, data.subarray(0, NONCE_BYTES), {
        authTagLength: TAG_BYTES,
      });
      decipher.setAAD(Buffer.from(id)).setAuthTag(data.subarray(-TAG_BYTES));
      const open = [decipher.update(data.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()];
      return PAYLOAD.decode(Buffer.concat(open)) as unknown as Payload;
    } catch {
      throw new SteadyError('codec.mismatch', { key: id });
    }
  }
}

function encrypt(payload: Payload, { id, secret }: CodecKeys['keys'][number]): Payload {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv('aes-256-gcm', secret, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(id));
  const whole = PAYLOAD.encode(payload).finish();
  const data = Buffer.concat([nonce, cipher.update(whole), cipher.final(), cipher.getAuthTag()]);
  const metadata = { encoding: ENCODING, 'encryption-cipher': CIPHER, 'encryption-key-id': id };
  return {
    metadata: Object.fromEntries(Object.entries(metadata).map(([name, value]) => [name, Buffer.from(value)])),
    data,
  };
}

const encodingOf = ({ metadata }: Payload): string => text(metadata?.['encoding']);

const text = (bytes: Uint8Array | null | undefined): string => Buffer.from(bytes ?? []).toString();
