import { fieldText, type FieldPath } from './problems.js';
import { holdsSecret } from './schema-look.js';

const SECRET_NAME = /pass(word|wd|phrase)?|secret|token|api-?_?key|credential/i;
const SECRET_TEXT = /AGE-SECRET-KEY-|PRIVATE KEY|:\/\/[^/\s]*@/i;

/** Whether text at this place may be a secret someone wrote into the file by mistake. */
export function mayBeSecret(path: FieldPath, value: unknown): boolean {
  if (typeof value === 'string' && SECRET_TEXT.test(value)) return true;
  return holdsSecret(path) || SECRET_NAME.test(fieldText(path.slice(-1))) || holdsSecret(path.slice(0, -1));
}

/** What was found, in words; text that may be a secret is never quoted. */
export function describeFound(value: unknown, path: FieldPath): string {
  if (value === undefined || value === null) return 'nothing';
  if (Array.isArray(value)) return value.length === 0 ? 'an empty list' : 'a list';
  if (typeof value === 'object') return Object.keys(value).length === 0 ? 'an empty mapping' : 'a mapping';
  if (typeof value === 'boolean') return String(value);
  if (mayBeSecret(path, value)) return 'a plain value';
  if (typeof value === 'number' || typeof value === 'bigint') return `the number ${String(value)}`;
  const text = typeof value === 'string' ? value : typeof value;
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
