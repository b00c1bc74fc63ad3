/** Who made a dump, as far as its head tells. */
export interface DumpHead {
  /** Of the server it was taken from, such as `15.18 (Debian 15.18-1)`. */
  readonly server?: string | undefined;
  /** Of the server; 0 when it does not tell. */
  readonly major: number;
  /** Client encoding of its rows. */
  readonly encoding: string;
}

/** From the comments at the head of a script, or from the head and contents of an archive. */
export function dumpHead(format: 'sql' | 'custom', head: Buffer): DumpHead {
  const text = head.toString('latin1');
  const server =
    format === 'sql' ? /^-- Dumped from database version (.*)$/m.exec(text)?.[1] : archivedServer(head);
  return {
    server,
    major: Number.parseInt(server ?? '', 10) || 0,
    // An archive has the same statement as an entry of its contents.
    encoding: /SET client_encoding = '([\w-]+)'/.exec(text)?.[1] ?? 'UTF8',
  };
}

/**
 * The version of the server in the head of an archive (src/bin/pg_dump/pg_backup_archiver.c, `ReadHead`): versions and
 * sizes in bytes, the compression (a number, from 1.15 on a byte), seven numbers of the time, then texts: the database,
 * the server's version, pg_dump's own. A number is a sign and `intSize` bytes, the lowest first.
 */
function archivedServer(head: Buffer): string | undefined {
  const [major = 0, minor = 0, intSize = 0] = [head[5], head[6], head[8]];
  if (major !== 1 || minor < 10 || intSize < 1 || intSize > 6) return undefined;
  let at = 11 + (minor >= 15 ? 1 : 1 + intSize) + 7 * (1 + intSize);
  const text = (): string | undefined => {
    if (at + 1 + intSize > head.length) return undefined;
    const length = head[at] === 0 ? head.readUIntLE(at + 1, intSize) : 0;
    const from = at + 1 + intSize;
    at = from + length;
    return head.subarray(from, at).toString('latin1');
  };
  text();
  return text();
}
