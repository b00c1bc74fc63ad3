import type { EnvironmentOf, SecretsPort } from '../adapters/secrets/port.js';
import type { CheckLine } from '../contracts/runs/check-line.js';
import { secretReferences, type SecretRef } from '../contracts/secret.js';
import type { Stack } from '../contracts/stack/stack.js';

/** How the secrets of the stack that are on this worker, and the files they come from, are kept; no line where all is well. */
export async function checkSecrets(stack: Stack, secrets: SecretsPort): Promise<CheckLine[]> {
  const refs = referencesOf(stack);
  const found = await Promise.all(refs.map((ref) => secrets.warnings(ref)));
  const around = await secrets.environmentWarnings(environmentOf(stack, refs));
  const messages = new Set([...found.flat(), ...around]);
  return [...messages].map((message) => ({ what: 'secrets', status: 'warning', message }));
}

/** Why everybody may know secrets of the stack that are on this worker, a sentence each. */
export async function knownSecrets(stack: Stack, secrets: SecretsPort): Promise<string[]> {
  const refs = referencesOf(stack);
  return await secrets.known(refs, environmentOf(stack, refs));
}

/** Each once. */
function referencesOf(stack: Stack): SecretRef[] {
  const all = [...secretReferences(stack), ...keysOf(stack)];
  return [...new Map(all.map((ref) => [JSON.stringify(ref), ref])).values()];
}

const environmentOf = (stack: Stack, refs: readonly SecretRef[]): EnvironmentOf => ({
  compose: stack.runtime.compose,
  units: [`steady-${stack.stack}`, `steady-worker-${stack.site}`],
  names: refs.flatMap((ref) => ('env' in ref ? [ref.env] : [])),
});

/** Private keys that lie on the worker: with a service they are its container's. */
function keysOf({ stores }: Stack): SecretRef[] {
  return Object.values(stores).flatMap(({ postgres, redis }) => {
    const { tls, service } = postgres ?? redis ?? {};
    return tls?.key === undefined || service !== undefined ? [] : [{ file: tls.key }];
  });
}
