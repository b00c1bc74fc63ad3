import { ed25519 } from '@noble/curves/ed25519.js';
import { utf8ToBytes } from '@noble/hashes/utils.js';
import { canonicalJson } from './canonical.js';

/**
 * Signatures of people: Ed25519 (RFC 8032) over a purpose line and the canonical JSON of what is signed. The purpose
 * keeps a signature made for one thing from being used for another. Pure code: it runs inside workflows too.
 */
export type Purpose = 'request' | 'decision';

const KEY_PREFIX = 'ed25519:';

function message(purpose: Purpose, value: unknown): Uint8Array {
  return utf8ToBytes(`steadyhand ${purpose} v1\n${canonicalJson(value)}`);
}

/** A key pair from 32 random bytes; the public half as it stands in the stack file. */
export function publicKeyOf(secretKey: Uint8Array): string {
  return KEY_PREFIX + toBase64(ed25519.getPublicKey(secretKey));
}

export function sign(purpose: Purpose, value: unknown, secretKey: Uint8Array): string {
  return toBase64(ed25519.sign(message(purpose, value), secretKey));
}

/** Whether the signature is of this value, for this purpose, by this key. Malformed input is simply not valid. */
export function isSigned(purpose: Purpose, value: unknown, signature: string, publicKey: string): boolean {
  const key = publicKeyBytes(publicKey);
  const bytes = fromBase64(signature);
  if (key === undefined || bytes?.length !== 64) return false;
  try {
    return ed25519.verify(bytes, message(purpose, value), key, { zip215: false });
  } catch {
    return false;
  }
}

/** The 32 bytes of `ed25519:…`, or undefined when the text is none. */
export function publicKeyBytes(text: string): Uint8Array | undefined {
  if (!text.startsWith(KEY_PREFIX)) return undefined;
  const bytes = fromBase64(text.slice(KEY_PREFIX.length));
  return bytes?.length === 32 ? bytes : undefined;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

// Neither Buffer nor atob exists inside Temporal's workflow sandbox.
export function toBase64(bytes: Uint8Array): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += 3) {
    const n = ((bytes[i] ?? 0) << 16) | ((bytes[i + 1] ?? 0) << 8) | (bytes[i + 2] ?? 0);
    const left = bytes.length - i;
    text += ALPHABET.charAt(n >> 18) + ALPHABET.charAt((n >> 12) & 63);
    text += left > 1 ? ALPHABET.charAt((n >> 6) & 63) : '=';
    text += left > 2 ? ALPHABET.charAt(n & 63) : '=';
  }
  return text;
}

export function fromBase64(text: string): Uint8Array | undefined {
  const clean = text
    .replaceAll('-', '+')
    .replaceAll('_', '/')
    .replace(/={0,2}$/, '');
  if (!/^[A-Za-z0-9+/]*$/.test(clean) || clean.length % 4 === 1) return undefined;
  const bytes = new Uint8Array(Math.floor((clean.length * 3) / 4));
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const char of clean) {
    bits = ((bits << 6) | ALPHABET.indexOf(char)) & 0xffffff;
    held += 6;
    if (held >= 8) {
      held -= 8;
      bytes[at++] = (bits >> held) & 0xff;
    }
  }
  return bytes;
}
