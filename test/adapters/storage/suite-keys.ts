import { expect, it } from 'vitest';
import type { StoragePort } from '../../../src/adapters/storage/port.js';
import { all, body } from './bodies.js';

/** The part of the suite about keys: which are taken, and which are refused by every vendor alike. */
export function keysSuite(storage: () => StoragePort): void {
  const odd = [
    'odd/with space',
    "odd/quote's",
    'odd/double"quote',
    'odd/100%25+a&b=c;d,e@f:g!h$i',
    'odd/(x)[y]{z}~#?*<>|^`',
    'odd/Größe-漢字-🗄',
    'odd/-leading-dash',
    'odd/.hidden/..b',
    `odd/${'n'.repeat(200)}`,
  ];

  it.each(odd)('may be %j', async (key) => {
    expect(await storage().create(key, Buffer.from(key))).toBe('created');
    expect((await storage().read(key))?.toString()).toBe(key);
    expect((await storage().head(key))?.bytes).toBe(Buffer.byteLength(key));
    expect((await all(storage().list(key))).map((object) => object.key)).toEqual([key]);
    await storage().delete(key);
    expect(await storage().head(key)).toBeUndefined();
  });

  it.each([
    ['empty', ''],
    ['absolute', '/a'],
    ['a folder', 'a/'],
    ['with an empty part', 'a//b'],
    ['leading out', '../a'],
    ['leading out later', 'a/../../b'],
    ['leading up', 'a/..'],
    ['with a dot', './a'],
    ['with a dot inside', 'a/./b'],
    ['in the reserved folder', '.incoming/x'],
    ['with a backslash', 'a\\b'],
    ['of two lines', 'a\nb'],
    ['with a zero byte', 'a\0b'],
    ['half a character', '\ud800'],
    ['with a part too long', `a/${'x'.repeat(256)}`],
    ['too long', `${'ab/'.repeat(400)}c`],
  ])('are refused everywhere when %s', async (_, key) => {
    const refused = { code: 'storage.key-illegal' };
    await expect(storage().put(key, body(1))).rejects.toMatchObject(refused);
    await expect(storage().create(key, Buffer.from('x'))).rejects.toMatchObject(refused);
    await expect(storage().get(key)).rejects.toMatchObject(refused);
    await expect(storage().read(key)).rejects.toMatchObject(refused);
    await expect(storage().head(key)).rejects.toMatchObject(refused);
    await expect(storage().delete(key)).rejects.toMatchObject(refused);
    expect(() => storage().shellCat(key)).toThrow('not a legal storage key');
  });

  it('are refused as prefixes too when they lead outside', async () => {
    await expect(all(storage().list('../'))).rejects.toMatchObject({ code: 'storage.key-illegal' });
    await expect(all(storage().unfinished('a/../../'))).rejects.toMatchObject({
      code: 'storage.key-illegal',
    });
  });
}
