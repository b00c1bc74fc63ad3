import type { Readable } from 'node:stream';
import { redact, type Secret } from '../contracts/secret.js';

const STDERR_KEPT = 8 * 1024;

/** Keeps the end of a tool's stderr, redacted; a secret cut in half at its beginning is dropped too. */
export function keepLastWords(stderr: Readable, secrets: readonly Secret[]): () => string {
  const longest = Math.max(0, ...secrets.map((secret) => secret.reveal().length));
  let kept = '';
  let cut = false;
  stderr.setEncoding('utf8').on('data', (text: string) => {
    kept += text;
    cut ||= kept.length > STDERR_KEPT + longest;
    kept = kept.slice(-(STDERR_KEPT + longest));
  });
  stderr.on('error', () => undefined);
  return () =>
    redact(kept, secrets)
      .slice(cut ? longest : 0)
      .trim();
}
