import { join, resolve } from 'node:path';
import type { ComposeMount } from './service.js';
import { isMapping, textOf } from './values.js';

export interface MountPlace {
  /** Folder in which relative paths begin. */
  readonly folder: string;
  readonly home: string | undefined;
  readonly plain: (value: unknown) => string;
}

/** A mount in short or long syntax; undefined for what holds no data that stay, such as tmpfs. */
export function mountOf(value: unknown, place: MountPlace): ComposeMount | undefined {
  if (isMapping(value)) {
    const [type, source, target] = ['type', 'source', 'target'].map((field) => place.plain(value[field]));
    if (target === undefined || target === '') return undefined;
    const readOnly = value['read_only'] === true;
    if (type === 'bind') return { type, source: pathOf(source ?? '', place), target, readOnly };
    if (type !== 'volume') return undefined;
    return source === undefined || source === ''
      ? { type: 'anonymous', source: '', target, readOnly }
      : { type, source, target, readOnly };
  }
  const text = place.plain(textOf(value));
  // The colon after a drive's letter parts nothing.
  const [source = '', target, mode = ''] = text.split(/(?<!^[A-Za-z]):/);
  if (source === '' || target === '') return undefined;
  if (target === undefined) return { type: 'anonymous', source: '', target: source, readOnly: false };
  const readOnly = mode.split(',').includes('ro');
  if (/^([./~\\]|[A-Za-z]:[\\/])/.test(source))
    return { type: 'bind', source: pathOf(source, place), target, readOnly };
  return { type: 'volume', source, target, readOnly };
}

function pathOf(source: string, { folder, home }: MountPlace): string {
  if (/^[A-Za-z]:[\\/]/.test(source)) return source;
  if (source === '~' || source.startsWith('~/'))
    return home === undefined ? source : join(home, source.slice(1));
  return resolve(folder, source);
}

/** TCP port of the container and port of the host; ranges and ports that only the engine chooses are passed over. */
export function portOf(value: unknown, plain: (value: unknown) => string): [string, string][] {
  if (isMapping(value)) {
    if (value['protocol'] === 'udp') return [];
    const [target, published] = [plain(value['target']), plain(value['published'])];
    return target !== '' && published !== '' ? [[target, published]] : [];
  }
  const [address = '', protocol] = plain(value).split('/');
  if (protocol === 'udp') return [];
  const parts = address.split(':');
  const [published, target] = parts.slice(-2);
  return published !== undefined && target !== undefined && published !== '' ? [[target, published]] : [];
}
