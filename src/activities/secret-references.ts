import { secretRefSchema, type SecretRef } from '../contracts/secret.js';

/** Every reference to a secret in a value, such as a stack. */
export function secretReferences(value: unknown): SecretRef[] {
  if (typeof value !== 'object' || value === null) return [];
  const ref = secretRefSchema.safeParse(value);
  return ref.success ? [ref.data] : Object.values(value).flatMap(secretReferences);
}
