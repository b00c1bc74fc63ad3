import { defaultPayloadConverter, type Payload } from '@temporalio/common';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporalLines } from '../../src/cli/temporal-lines.js';
import { createCodec } from '../../src/client/codec.js';
import { readCodecKeys, type CodecKeys } from '../../src/client/codec-keys.js';

const key = (id: string) => ({ id, secret: new Uint8Array(randomBytes(32)) });
const [k1, k2] = [key('k1'), key('k2')];
const withKeys = (...keys: CodecKeys['keys']) => createCodec({ keys, plain: false });
const without = createCodec({ keys: [], plain: true });
const payload = defaultPayloadConverter.toPayload({ note: 'the cat is in the box' });
const valueOf = ([decoded]: Payload[]): unknown => decoded && defaultPayloadConverter.fromPayload(decoded);
const sealed = async (codec = withKeys(k1)): Promise<Payload> =>
  (await codec.encode([payload]))[0] as Payload;

describe('the payload codec', () => {
  it('encrypts, names the key, and gives back what went in; never the same bytes twice', async () => {
    const [one, other] = [await sealed(), await sealed()];
    expect(Buffer.from(one.data ?? []).includes('cat')).toBe(false);
    expect(one.data).not.toEqual(other.data);
    const metadata = Object.entries(one.metadata ?? {}).map(([name, value]) => [
      name,
      Buffer.from(value).toString(),
    ]);
    expect(Object.fromEntries(metadata)).toEqual({
      encoding: 'binary/encrypted',
      'encryption-cipher': 'A256GCM',
      'encryption-key-id': 'k1',
    });
    expect(valueOf(await withKeys(k1).decode([one]))).toEqual({ note: 'the cat is in the box' });
  });

  it('reads with any of its keys, and writes with the first: so keys are changed', async () => {
    const rotated = withKeys(k2, k1);
    expect(valueOf(await rotated.decode([await sealed()]))).toEqual({ note: 'the cat is in the box' });
    const fresh = await sealed(rotated);
    await expect(withKeys(k1).decode([fresh])).rejects.toThrow(
      'encrypted for Temporal with a key that is not here [key=k2 here=k1]',
    );
    await expect(without.decode([fresh])).rejects.toMatchObject({
      code: 'codec.key-missing',
      message: expect.stringContaining('[key=k2 here=none]') as string,
      hint: expect.stringContaining('STEADY_CODEC_KEYS_FILE') as string,
    });
  });

  it('refuses what was altered, what another key of that id wrote, and what was not encrypted', async () => {
    const altered = await sealed();
    (altered.data as Uint8Array)[20] = ((altered.data as Uint8Array)[20] ?? 0) ^ 1;
    await expect(withKeys(k1).decode([altered])).rejects.toMatchObject({ code: 'codec.mismatch' });
    await expect(withKeys(key('k1')).decode([await sealed()])).rejects.toMatchObject({
      code: 'codec.mismatch',
    });
    const renamed = await sealed();
    const metadata = { ...renamed.metadata, 'encryption-key-id': Buffer.from('k2') };
    const sameSecret = withKeys({ id: 'k2', secret: k1.secret });
    await expect(sameSecret.decode([{ ...renamed, metadata }])).rejects.toMatchObject({
      code: 'codec.mismatch',
    });
    const short = { ...renamed, data: new Uint8Array(5) };
    await expect(withKeys(k1).decode([short])).rejects.toMatchObject({ code: 'codec.mismatch' });
    await expect(withKeys(k1).decode([payload])).rejects.toMatchObject({ code: 'codec.plain' });
    const changing = createCodec({ keys: [k1], plain: true });
    expect(valueOf(await changing.decode([payload]))).toEqual({ note: 'the cat is in the box' });
  });

  it('passes over what it cannot read in a list of schedules, and nowhere else', async () => {
    const lists = createCodec({ keys: [k1], plain: false }, true);
    const others = await sealed(withKeys(k2));
    expect((await lists.decode([payload, others])).map((one) => valueOf([one]))).toEqual([
      { note: 'the cat is in the box' },
      null,
    ]);
    const context = { type: 'workflow', namespace: 'default', workflowId: 'w' } as const;
    await expect(lists.decode([payload], context)).rejects.toMatchObject({ code: 'codec.plain' });
  });
});

describe('the keys of the codec', () => {
  const base64 = (bytes: number): string => randomBytes(bytes).toString('base64');
  const good = base64(32);

  it('come from a file or the environment, a line or a comma each', () => {
    const folder = mkdtempSync(join(tmpdir(), 'steady codec '));
    const file = join(folder, 'keys');
    writeFileSync(file, `# since 2026\nk2:${base64(32)}\nk1:${good}\nplain\n`);
    const { keys, plain } = readCodecKeys({ STEADY_CODEC_KEYS_FILE: file });
    expect([keys.map((one) => one.id), plain]).toEqual([['k2', 'k1'], true]);
    const inline = readCodecKeys({ STEADY_CODEC_KEYS: `k1:${good},k0:${base64(32)}` });
    expect([inline.keys.map((one) => one.id), inline.plain]).toEqual([['k1', 'k0'], false]);
    expect(readCodecKeys({})).toEqual({ keys: [], plain: true });
    writeFileSync(file, '\n');
    expect(() => readCodecKeys({ STEADY_CODEC_KEYS_FILE: file })).toThrow('holds no key');
    rmSync(folder, { recursive: true });
    expect(() => readCodecKeys({ STEADY_CODEC_KEYS_FILE: file })).toThrow(`[file="${file}" error=ENOENT]`);
  });

  it.each([
    [`k1:${base64(16)}`, 'a key of 16 bytes; 32 are needed'],
    [good, 'not `id:` and a key in base64'],
    [`k1:${good}\nk1:${base64(32)}`, 'the id k1 comes twice'],
    ['plain', 'holds no key'],
  ])('are refused when they cannot be used, without a word of them', (given, why) => {
    let message = '';
    try {
      readCodecKeys({ STEADY_CODEC_KEYS: given });
    } catch (error) {
      message = (error as Error).message;
    }
    expect(message).toContain(why);
    expect(message).not.toContain(good);
  });
});

describe('steady check', () => {
  const told = (address: string, guard: { tls: boolean; codecKey?: string; plain: boolean }): string[] =>
    temporalLines({ address, guard }).map(({ status, message }) => `${status} ${message}`);

  it('warns of a Temporal that others reach without a codec or TLS', () => {
    const open = { tls: false, plain: true };
    expect(told('127.0.0.1:7233', open)).toEqual([]);
    expect(told('temporal.internal:7233', open)).toEqual([
      'warning payloads are not encrypted: whoever reaches temporal.internal:7233 reads what runs are told, and may ask for any',
      'warning no TLS on the way to temporal.internal:7233',
    ]);
    expect(told('temporal.internal:7233', { tls: true, codecKey: 'k1', plain: false })).toEqual([
      'ok payloads are encrypted with the key k1',
      'ok the way to temporal.internal:7233 is encrypted (TLS)',
    ]);
    expect(told('localhost:7233', { tls: false, codecKey: 'k1', plain: true })).toEqual([
      'ok payloads are encrypted with the key k1',
      'warning plain payloads are taken too',
    ]);
  });
});
