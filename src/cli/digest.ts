import { SteadyError } from '../contracts/failures.js';

/** How much of a digest is printed, and the least that is taken for one: less could be met by chance, or be empty. */
export const DIGEST_SHOWN = 12;

/** Throws `usage.invalid` for what is no digest, or too little of one. */
export function assertDigest(given: string): void {
  if (/^[0-9a-f]{12,64}$/.test(given)) return;
  throw new SteadyError('usage.invalid', {
    digest: given,
    allowed: `the first ${DIGEST_SHOWN} characters or more of the digest that \`steady show RUN\` prints`,
  });
}

/** Where nobody can be asked, only who names what was read may sign it. */
export function needsDigest(run: string, digest: string): SteadyError {
  const shown = digest.slice(0, DIGEST_SHOWN);
  return new SteadyError(
    'usage.invalid',
    {
      error: 'nobody can be asked here (no terminal, or --json), so --digest is needed; nothing was signed',
      digest: shown,
    },
    { hint: `Read what is asked (\`steady show ${run}\`), then: steady approve ${run} --digest ${shown}` },
  );
}
