import { redact, type Secret } from '../../contracts/secret.js';

const LONGEST = 200;

/**
 * A text as one short line without secrets, also where a secret stands in JSON or in a URL. Redacted before it is cut:
 * half a secret would not be recognised.
 */
export function excerpt(text: string, secrets: readonly Secret[] = []): string {
  let clean = redact(text, secrets);
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length < 4) continue;
    const forms = [
      encodeURIComponent(value),
      new URLSearchParams([['', value]]).toString().slice(1),
      JSON.stringify(value).slice(1, -1),
    ];
    for (const form of new Set(forms)) clean = clean.replaceAll(form, String(secret));
  }
  const line = clean.replaceAll(/\s+/g, ' ').trim();
  return line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
}
