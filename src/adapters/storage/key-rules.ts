import { SteadyError } from '../../contracts/failures.js';

/** Folder of begun uploads in directory storage; reserved at every vendor, so that a stack can move between them. */
export const INCOMING = '.incoming';

const MAX_KEY_BYTES = 900;
const MAX_PART_BYTES = 255;

/** What is wrong with a key, or undefined. Keys may come from a manifest, so from whoever can write to storage. */
function fault(key: string): string | undefined {
  if (key === '') return 'it is empty';
  if (Buffer.byteLength(key) > MAX_KEY_BYTES) return `longer than ${MAX_KEY_BYTES} bytes`;
  // MinIO and Windows take a backslash for a separator; control characters do not survive the XML of a listing.
  if (/[\\\u0000-\u001f\u007f\ufffe\uffff]/.test(key)) return 'a backslash or control character';
  if (Buffer.from(key).toString() !== key) return 'half of a surrogate pair';
  const parts = key.split('/');
  if (parts.some((part) => part === '')) return 'an empty part';
  if (parts.some((part) => part === '.' || part === '..')) return 'a part that is . or ..';
  if (parts.some((part) => Buffer.byteLength(part) > MAX_PART_BYTES))
    return `a part longer than ${MAX_PART_BYTES} bytes`;
  if (parts[0] === INCOMING) return `${INCOMING} is reserved`;
  return undefined;
}

/** Throws `storage.key-illegal` for a key that could leave the storage's root or that some vendor does not take. */
export function requireLegalKey(key: string): void {
  const says = fault(key);
  if (says !== undefined) throw new SteadyError('storage.key-illegal', { key: key.slice(0, 200), says });
}

/** The same for a prefix, which may be empty and may end in the middle of a part. */
export function requireLegalPrefix(prefix: string): void {
  const says = prefix === '' ? undefined : fault(prefix.replace(/\/$/, ''));
  if (says !== undefined)
    throw new SteadyError('storage.key-illegal', { prefix: prefix.slice(0, 200), says });
}

/** Order of keys in a listing: bytes of UTF-8, as S3 has it (UTF-16 order, JavaScript's own, differs). */
export function compareKeys(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
