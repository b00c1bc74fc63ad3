import { describe, expect, it } from 'vitest';
import { assertDigest, needsDigest } from '../../src/cli/digest.js';

const DIGEST = '0123456789abcdef'.repeat(4);

describe('the digest of a proposal on the command line', () => {
  it('is taken whole or from its first twelve characters on', () => {
    for (const given of [DIGEST, DIGEST.slice(0, 12), DIGEST.slice(0, 40)])
      expect(() => assertDigest(given)).not.toThrow();
  });

  it.each(['', '0', DIGEST.slice(0, 11), 'hello hello hello', `${DIGEST}0`])('is never %j', (given) => {
    expect(() => assertDigest(given)).toThrow(
      /^wrong usage \[digest=.* allowed="the first 12 characters or more of the digest/,
    );
  });

  it('is named, with the command to type, where nobody can be asked', () => {
    expect(needsDigest('restore.shop.x', DIGEST)).toMatchObject({
      code: 'usage.invalid',
      message: expect.stringMatching(/nothing was signed" digest=0123456789ab\]$/) as string,
      hint: 'Read what is asked (`steady show restore.shop.x`), then: steady approve restore.shop.x --digest 0123456789ab',
    });
  });
});
