import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { mountPoints } from '../../../../src/adapters/stores/files/folder-work.js';
import { swapNames } from '../../../../src/adapters/stores/files/places.js';
import { expandSparse } from '../../../../src/adapters/stores/files/sparse-content.js';
import { parsePax, tarEntry, tarNumber } from '../../../../src/adapters/stores/files/tar-entry.js';
import { archiveTool } from '../../../../src/adapters/stores/files/tar-tools.js';

describe('archive', () => {
  it('is named by its argv', () => {
    expect(archiveTool('/srv/data', ['*.log']).argv).toEqual([
      ...['tar', '--create', '--format=posix', '--sort=name', '--sparse', '--one-file-system'],
      ...['--numeric-owner', '--acls', '--xattrs', '--xattrs-include=*'],
      '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
      ...['--anchored', '--exclude=./.steady-*', '--no-anchored', '--exclude=*.log'],
      ...['--file=-', '--directory=/srv/data', '.'],
    ]);
  });

  it('reads numbers in octal and in base 256, and pax records with any bytes', () => {
    expect(tarNumber(Buffer.from('0000755\0'), 0, 8)).toBe(0o755);
    expect(tarNumber(Buffer.from([0x80, 0, 0, 0, 0, 0, 1, 0]), 0, 8)).toBe(256);
    expect([...parsePax(Buffer.from('12 a=b\nc=\0d\n6 k=v\n'))]).toEqual([
      ['a', 'b\nc=\0d'],
      ['k', 'v'],
    ]);
    expect(() => parsePax(Buffer.from('99 a=b\n'))).toThrow(RangeError);
  });

  it('takes an ACL for the same whether tar ends its text with a newline (1.34) or not (1.35)', () => {
    const header = Buffer.alloc(512);
    header.write('file', 0);
    header.write('0', 156);
    const entryOf = (acl: string) =>
      tarEntry(
        header,
        new Map([
          ['SCHILY.acl.access', acl],
          ['SCHILY.xattr.user.note', 'ends with a newline\n'],
        ]),
      );
    expect(entryOf('user::rw-\nother::---\n')).toEqual(entryOf('user::rw-\nother::---'));
    expect(entryOf('').attributes).toContainEqual(['SCHILY.xattr.user.note', 'ends with a newline\n']);
  });

  it('fills holes with zeros', () => {
    const map = '2\n3\n2\n8\n1\n';
    const stored = Buffer.concat([Buffer.from(map.padEnd(512, '\0')), Buffer.from('abZ')]);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 8 }), (sizes) => {
        const out: Buffer[] = [];
        const sink = expandSparse(12, (chunk) => out.push(Buffer.from(chunk)));
        let at = 0;
        for (const size of sizes) sink.take(stored.subarray(at, (at += size)));
        sink.take(stored.subarray(at));
        sink.end();
        expect(Buffer.concat(out).toString()).toBe('\0\0\0ab\0\0\0Z\0\0\0');
      }),
    );
  });
});

describe('places', () => {
  it('reads mount points with spaces', () => {
    expect(
      mountPoints('36 35 98:0 / / rw - ext4 /dev/root rw\n37 36 0:1 / /mnt/a\\040b rw - tmpfs t rw\n'),
    ).toEqual(['/', '/mnt/a b']);
  });

  it('names what a restore makes beside a folder, and inside a volume', () => {
    const place = { mode: 'beside', token: 't0000000', at: '2026-11-22T03:00:00.000Z' } as const;
    expect(swapNames('rename', '/srv/data', place)).toMatchObject({
      fresh: '/srv/data.steady-new-t0000000',
      old: '/srv/data.steady-old-20261122-t0000000',
    });
    expect(swapNames('entries', '/volume', place)).toMatchObject({
      fresh: '/volume/.steady-work-t0000000/new',
      old: '/volume/.steady-old-20261122-t0000000',
    });
  });
});
