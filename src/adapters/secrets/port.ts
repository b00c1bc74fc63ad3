import type { Secret, SecretRef } from '../../contracts/secret.js';

/** Where the environment of a stack is written down. */
export interface EnvironmentOf {
  /** Compose files and env file, relative to the stack file. */
  readonly compose?: { readonly files: readonly string[]; readonly envFile?: string | undefined } | undefined;
  /** Names of units that `--install` makes for it: each has a file of variables. */
  readonly units: readonly string[];
  /** Folder of a user's settings; default `~/.config`. */
  readonly config?: string | undefined;
  /** Variables that are secrets whatever they are called. */
  readonly names: readonly string[];
}

/** Reads secrets on the worker's machine. Fails with `secret.missing`, naming the reference. */
export interface SecretsPort {
  resolve(ref: SecretRef): Promise<Secret>;
  /** Why everybody may know secrets of the stack that are here, a sentence each, never with the value. */
  known(refs: readonly SecretRef[], of: EnvironmentOf): Promise<string[]>;
  /** What is unwise about how a secret is kept here, a sentence each; none for one that is not here. */
  warnings(ref: SecretRef): Promise<string[]>;
  /** The same for the files of variables that hold secrets of the stack here. */
  environmentWarnings(of: EnvironmentOf): Promise<string[]>;
}
