/** One member of an archive, without its content. Names are bytes, kept as latin1 text. */
export interface TarEntry {
  readonly kind: 'file' | 'hard link' | 'symlink' | 'folder' | 'special';
  readonly name: string;
  readonly mode: number;
  readonly uid: string;
  readonly gid: string;
  /** Size of the file, holes included. */
  readonly size: number;
  /** Bytes of content in the archive. */
  readonly stored: number;
  /** Whole seconds: file systems differ in what they keep below. */
  readonly mtime: number;
  readonly link: string;
  /** Extended attributes and ACLs, sorted. */
  readonly attributes: readonly (readonly [string, string])[];
  /** Content begins with a map of where its data lie (GNU sparse format 1.0). */
  readonly sparse: boolean;
  readonly device: string;
}

export type PaxRecords = ReadonlyMap<string, string>;

export const BLOCK = 512;

const text = (header: Buffer, from: number, length: number): string => {
  const field = header.subarray(from, from + length);
  const end = field.indexOf(0);
  return field.subarray(0, end === -1 ? length : end).toString('latin1');
};

/** A number field: octal text, or base 256 when its first bit is set (GNU). */
export function tarNumber(header: Buffer, from: number, length: number): number {
  if (((header[from] ?? 0) & 0x80) === 0) return Number.parseInt(text(header, from, length).trim() || '0', 8);
  let value = (header[from] ?? 0) & 0x7f;
  for (const byte of header.subarray(from + 1, from + length)) value = value * 256 + byte;
  return value;
}

/** Sum of the header's bytes, with its own field read as spaces (POSIX.1, ustar Interchange Format). */
export function checksumHolds(header: Buffer): boolean {
  let sum = 0;
  for (let i = 0; i < BLOCK; i++) sum += i >= 148 && i < 156 ? 32 : (header[i] ?? 0);
  return sum === tarNumber(header, 148, 8);
}

/** Records `<length> <key>=<value>\n` of a pax header; values are bytes. Throws RangeError when they are malformed. */
export function parsePax(data: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (let at = 0; at < data.length && data[at] !== 0;) {
    const space = data.indexOf(0x20, at);
    const length = Number(data.subarray(at, space).toString('latin1'));
    const equals = data.indexOf(0x3d, space);
    if (
      space === -1 ||
      equals === -1 ||
      !Number.isInteger(length) ||
      length < 5 ||
      at + length > data.length
    ) {
      throw new RangeError('malformed pax header');
    }
    const key = data.subarray(space + 1, equals).toString('latin1');
    records.set(key, data.subarray(equals + 1, at + length - 1).toString('latin1'));
    at += length;
  }
  return records;
}

export const tarType = (header: Buffer): string => String.fromCharCode(header[156] ?? 0);

const KINDS: Record<string, TarEntry['kind']> = {
  ...{ '\0': 'file', '0': 'file', '7': 'file', '1': 'hard link', '2': 'symlink' },
  ...{ '3': 'special', '4': 'special', '5': 'folder', '6': 'special' },
};

/** GNU tar up to 1.34 ends the text of an ACL with a newline, 1.35 does not: the same ACL must give the same digest. */
function attributesOf(pax: PaxRecords): [string, string][] {
  return [...pax]
    .filter(([key]) => key.startsWith('SCHILY.'))
    .map(([key, value]): [string, string] => [key, /^SCHILY\.acl\./.test(key) ? value.trimEnd() : value])
    .sort(([a], [b]) => (a < b ? -1 : 1));
}

/** The entry of a header and of the pax records before it. Throws RangeError for a type that is not known. */
export function tarEntry(header: Buffer, pax: PaxRecords): TarEntry {
  const type = tarType(header);
  const kind = KINDS[type];
  if (!kind) throw new RangeError(`entry of unknown type ${JSON.stringify(type)}`);
  const prefix = text(header, 345, 155);
  const short = text(header, 0, 100);
  const stored = Number(pax.get('size') ?? tarNumber(header, 124, 12));
  return {
    kind,
    name: pax.get('GNU.sparse.name') ?? pax.get('path') ?? (prefix === '' ? short : `${prefix}/${short}`),
    mode: tarNumber(header, 100, 8),
    uid: pax.get('uid') ?? String(tarNumber(header, 108, 8)),
    gid: pax.get('gid') ?? String(tarNumber(header, 116, 8)),
    size: Number(pax.get('GNU.sparse.realsize') ?? stored),
    stored,
    mtime: Math.floor(Number(pax.get('mtime') ?? tarNumber(header, 136, 12))),
    link: pax.get('linkpath') ?? text(header, 157, 100),
    attributes: attributesOf(pax),
    sparse: pax.get('GNU.sparse.major') === '1',
    device: type === '3' || type === '4' ? `${tarNumber(header, 329, 8)}:${tarNumber(header, 337, 8)}` : '',
  };
}
