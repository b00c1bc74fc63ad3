import type { Secret, SecretRef } from '../../contracts/secret.js';

/** Reads secrets on the worker's machine. Fails with `secret.missing`, naming the reference. */
export interface SecretsPort {
  resolve(ref: SecretRef): Promise<Secret>;
}
