import type { Secret, SecretRef } from '../../contracts/secret.js';

/** Reads secrets on the worker's machine. Fails with `secret.missing`, naming the reference. */
export interface SecretsPort {
  resolve(ref: SecretRef): Promise<Secret>;
  /** What is unwise about how a secret is kept here, a sentence each; none for one that is not here. */
  warnings(ref: SecretRef): Promise<string[]>;
}
