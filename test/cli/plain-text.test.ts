import { createColors } from 'picocolors';
import { expect, it, vi } from 'vitest';
import { createOutput } from '../../src/cli/output.js';
import { plainLine, plainText } from '../../src/cli/plain-text.js';

it('writes what would move the cursor or begin a line as JSON does', () => {
  expect(plainLine('public.a\nb\tc\r')).toBe(String.raw`public.a\nb\tc\r`);
  expect(plainLine('x\u001B[2Jy\u0007\u009B1A\u007F')).toBe(String.raw`x\u001b[2Jy\u0007\u009b1A\u007f`);
  expect(plainText('one\u001B[A\ntwo')).toBe('one\\u001b[A\ntwo');
});

it('leaves colours and all other letters as they are', () => {
  const line = `${createColors(true).red('✗ größer')} 数`;
  expect(plainLine(line)).toBe(line);
});

it('is what every line goes through', () => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
  createOutput({ json: false }).line('public.or\nders  2000');
  expect(written.mock.calls).toEqual([[String.raw`public.or\nders  2000` + '\n']]);
  written.mockRestore();
});
