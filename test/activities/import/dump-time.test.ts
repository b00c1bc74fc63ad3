import { describe, expect, it } from 'vitest';
import { dumpTime } from '../../../src/activities/import/dump-time.js';

const MODIFIED = new Date('2026-03-05T08:09:10Z');
const of = (name: string, more: { given?: string; told?: string; zone?: string } = {}): string => {
  const time = dumpTime({ file: `/srv/2020-01-01/${name}`, modifiedAt: MODIFIED, zone: 'UTC', ...more });
  return `${time.takenAt} ${time.timeFrom}`;
};

describe('the time of an old dump', () => {
  it('is what somebody says, then what the dump says, whatever its name', () => {
    const told = '2024-05-05T00:00:00.000Z';
    expect(of('db_2025-12-24.rdb', { given: '2023-01-01T00:00:00.000Z', told })).toBe(
      '2023-01-01T00:00:00.000Z given',
    );
    expect(of('db_2025-12-24.rdb', { told })).toBe('2024-05-05T00:00:00.000Z dump');
  });

  it.each([
    ['backup_20240101_020000.dump.gz', '2024-01-01T02:00:00.000Z name'],
    ['shop-2024-01-01T02-30.sql.gz', '2024-01-01T02:30:00.000Z name'],
    // A copy, written on another day than it is of.
    ['postgres_2025-12-24.sql.gz', '2025-12-24T23:59:59.999Z name'],
    ['milvus-backup-20240101.tar.gz', '2024-01-01T23:59:59.999Z name'],
    // Written on the very day: the file knows better.
    ['neo4j-20260305.dump', '2026-03-05T08:09:10.000Z file'],
    ['backup.sql.gz', '2026-03-05T08:09:10.000Z file'],
    ['build-20249931.tar', '2026-03-05T08:09:10.000Z file'],
    ['id-1720240101999.tar', '2026-03-05T08:09:10.000Z file'],
  ])('of %s is %s', (name, time) => {
    expect(of(name)).toBe(time);
  });

  it('in a name is local time of the stack', () => {
    expect(of('backup_20240701_020000.dump.gz', { zone: 'Europe/Berlin' })).toBe(
      '2024-07-01T00:00:00.000Z name',
    );
  });
});
