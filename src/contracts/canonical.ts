import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex, utf8ToBytes } from '@noble/hashes/utils.js';
import canonicalize from 'canonicalize';

/** JSON in the one canonical form of RFC 8785, so that a digest or a signature does not depend on key order. */
export function canonicalJson(value: unknown): string {
  // Through JSON first: drops undefined fields the same way storing and sending do.
  const text = canonicalize(JSON.parse(JSON.stringify(value)) as object);
  if (text === undefined) throw new TypeError('not representable as JSON');
  return text;
}

/** SHA-256 of the canonical JSON, hex. Pure, so it works inside workflows. */
export function digestOf(value: unknown): string {
  return bytesToHex(sha256(utf8ToBytes(canonicalJson(value))));
}

/** How a command is named in inputs, records and allow files: the digest of its argv. */
export function commandDigest(argv: readonly string[]): string {
  return digestOf({ argv });
}
