import { describe, expect, it } from 'vitest';
import {
  agoText,
  bytesText,
  countText,
  momentText,
  secondsText,
  table,
  timeText,
} from '../../src/cli/words.js';

describe('words for people', () => {
  it.each([
    [0, '0.0 s'],
    [0.44, '0.4 s'],
    [9.97, '10 s'],
    [59.6, '1 min'],
    [125, '2 min 5 s'],
    [3599.9, '1 h'],
    [3600, '1 h'],
    [14_880, '4 h 8 min'],
    [93_600, '26 h'],
    [200_000, '2 d 8 h'],
  ])('%d seconds are %s', (seconds, words) => expect(secondsText(seconds)).toBe(words));

  it.each([
    [0, '0 B'],
    [1023, '1023 B'],
    [1024, '1.0 KiB'],
    [1_048_575, '1.0 MiB'],
    [314_572_800, '300.0 MiB'],
    [5e15, '4547.5 TiB'],
  ])('%d bytes are %s', (bytes, words) => expect(bytesText(bytes)).toBe(words));

  const now = Date.parse('2026-11-22T06:00:00Z');
  it.each([
    ['2026-11-22T05:59:59Z', 'just now'],
    ['2026-11-22T05:59:51Z', '9 s ago'],
    ['2026-11-22T01:52:00Z', '4 h 8 min ago'],
    ['2026-11-22T06:20:00Z', 'in 20 min'],
    ['2026-11-12T06:00:00Z', '10 d ago'],
  ])('%s is %s', (iso, words) => expect(agoText(iso, now)).toBe(words));

  it('tells times by the clock of the stack', () => {
    expect(timeText('2026-11-22T02:00:13.400Z', 'UTC')).toBe('2026-11-22 02:00:13Z');
    expect(timeText('2026-11-22T02:00:13Z', 'Europe/Berlin')).toBe('2026-11-22 03:00:13 +01:00');
    expect(timeText('2026-11-22T02:00:13Z', 'No/Where')).toBe('2026-11-22 02:00:13Z');
    expect(momentText('2026-11-22T01:52:00Z', 'UTC', now)).toBe('2026-11-22 01:52:00Z (4 h 8 min ago)');
  });

  it('counts and aligns', () => {
    expect([countText(1, 'backup'), countText(2, 'backup')]).toEqual(['1 backup', '2 backups']);
    expect(
      table(
        [
          ['a', '5 B', 'x'],
          ['long', '10 KiB', ''],
        ],
        [1],
      ),
    ).toEqual(['a        5 B  x', 'long  10 KiB']);
  });
});
