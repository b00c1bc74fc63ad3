import { createPrivateKey, createPublicKey, verify } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalJson, commandDigest, digestOf } from '../../src/contracts/canonical.js';
import {
  fromBase64,
  isSigned,
  publicKeyBytes,
  publicKeyOf,
  sign,
  toBase64,
} from '../../src/contracts/signing.js';

const secret = Uint8Array.from({ length: 32 }, (_, at) => at);
const key = publicKeyOf(secret);
const value = { b: 1, a: ['x', { z: true, y: null }] };

describe('signatures', () => {
  it('hold for the value, the purpose and the key they were made with, and for nothing else', () => {
    const signature = sign('decision', value, secret);
    expect(isSigned('decision', { a: ['x', { y: null, z: true }], b: 1 }, signature, key)).toBe(true);
    expect(isSigned('decision', { ...value, b: 2 }, signature, key)).toBe(false);
    expect(isSigned('request', value, signature, key)).toBe(false);
    const other = publicKeyOf(Uint8Array.from({ length: 32 }, () => 7));
    expect(isSigned('decision', value, signature, other)).toBe(false);
  });

  it('are plain Ed25519: any other tool checks them', () => {
    const pkcs8 = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]);
    const publicKey = createPublicKey(createPrivateKey({ key: pkcs8, format: 'der', type: 'pkcs8' }));
    const message = Buffer.from(`steadyhand decision v1\n${canonicalJson(value)}`);
    const signature = Buffer.from(sign('decision', value, secret), 'base64');
    expect(verify(null, message, publicKey, signature)).toBe(true);
  });

  it.each(['', 'ed25519:', 'ed25519:????', 'rsa:AAAA', 'nothing'])(
    'are not valid under the key %j',
    (text) => {
      expect(isSigned('decision', value, sign('decision', value, secret), text)).toBe(false);
      expect(publicKeyBytes(text)).toBeUndefined();
    },
  );

  it('that are no signatures are simply not valid', () => {
    fc.assert(fc.property(fc.string(), (text) => !isSigned('decision', value, text, key)));
  });
});

describe('base64', () => {
  it('is the usual one, without Buffer, which workflows do not have', () => {
    fc.assert(
      fc.property(fc.uint8Array(), (bytes) => {
        expect(toBase64(bytes)).toBe(Buffer.from(bytes).toString('base64'));
        expect(fromBase64(toBase64(bytes))).toEqual(bytes);
      }),
    );
  });

  it('takes the URL form too, and refuses the rest', () => {
    expect(fromBase64('-_8')).toEqual(Uint8Array.from([0xfb, 0xff]));
    expect(fromBase64('a b')).toBeUndefined();
    expect(fromBase64('a')).toBeUndefined();
  });
});

describe('digests', () => {
  it('do not depend on the order of keys, nor on fields that are undefined', () => {
    expect(digestOf({ a: 1, b: 2 })).toBe(digestOf({ b: 2, a: 1, c: undefined }));
    expect(digestOf({ a: 1 })).not.toBe(digestOf({ a: '1' }));
  });

  it('of a command tell apart what a shell line would not', () => {
    expect(commandDigest(['echo', 'a b'])).not.toBe(commandDigest(['echo', 'a', 'b']));
  });
});
