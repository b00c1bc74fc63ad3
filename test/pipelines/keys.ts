import { execFileSync } from 'node:child_process';
import { Secret } from '../../src/contracts/secret.js';
import { toolPath } from '../services/tools.js';

/** A fresh age identity with its recipient, by the real age-keygen. */
export function newKey(): { readonly identity: Secret; readonly recipient: string } {
  const file = execFileSync(toolPath('age-keygen'), {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const recipient = /public key: (age1\S+)/.exec(file)?.[1];
  if (recipient === undefined) throw new Error('age-keygen told no public key');
  return { identity: new Secret(file), recipient };
}
