import { dirname, join, resolve } from 'node:path';
import { existsSync } from 'node:fs';
import type { Identity } from '../client/approvals.js';
import { readUpNote, stateBeside, statesBeside } from '../client/up-note.js';
import { TOKENS_FILE } from '../config/tokens-file.js';
import { SteadyError } from '../contracts/failures.js';
import { publicKeyOf } from '../contracts/signing.js';
import type { ApiSigner } from '../contracts/stack/people.js';
import { createIdentity, readIdentity } from './identity-file.js';

/**
 * The file of the HTTP API's tokens: named, else in the state folder of the `steady up` of the stack file, else in
 * `.steady` beside it.
 *
 * @param config path of the stack file, or its folder
 */
export function tokensPath(given: string | undefined, config: string): string {
  if (given !== undefined) return resolve(given);
  const named = process.env['STEADY_TOKENS'];
  if (named !== undefined && named !== '') return resolve(named);
  const noted = readUpNote(config)?.state;
  const state = noted ?? statesBeside(config).find((path) => existsSync(path));
  return join(state ?? stateBeside(dirname(resolve(config))), TOKENS_FILE);
}

/** The API's own key, beside its tokens; made when there is none. */
export async function apiIdentity(tokens: string): Promise<Identity> {
  const path = join(dirname(tokens), 'api.identity');
  if (!existsSync(path))
    await createIdentity('api', path).catch((error: unknown) => {
      // Somebody else has just made it.
      if (!existsSync(path)) throw error;
    });
  const found = await readIdentity(path);
  if (found === undefined) throw new SteadyError('identity.missing', { path });
  return found;
}

/** What is to be put into the stack file so that what the API signs counts; undefined where it does. */
export function apiLine(signer: Identity, named: ApiSigner | undefined): string | undefined {
  const key = publicKeyOf(signer.secretKey);
  return named?.key === key ? undefined : `api: { key: "${key}", signsFor: [operator] }`;
}
