import { z } from 'zod';

/** A reference to a secret. The value is read on the worker's machine, inside an activity, and nowhere else. */
export const secretRefSchema = z.union([
  z.strictObject({ env: z.string().min(1) }).describe('name of an environment variable of the worker'),
  z
    .strictObject({ file: z.string().min(1) })
    .describe('path of a file on the worker; a final newline is dropped'),
]);
export type SecretRef = z.infer<typeof secretRefSchema>;

/** Every reference to a secret in a value, such as a stack. */
export function secretReferences(value: unknown): SecretRef[] {
  if (typeof value !== 'object' || value === null) return [];
  const ref = secretRefSchema.safeParse(value);
  return ref.success ? [ref.data] : Object.values(value).flatMap(secretReferences);
}

const REDACTED = '[secret]';

/**
 * A secret's value as a type of its own: printing, logging, JSON and template strings give `[secret]`, and the value
 * comes out by {@link Secret.reveal} alone, which is easy to search for.
 */
export class Secret {
  readonly #value: string;
  constructor(value: string) {
    this.#value = value;
  }
  reveal(): string {
    return this.#value;
  }
  toString(): string {
    return REDACTED;
  }
  toJSON(): string {
    return REDACTED;
  }
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}

/** Takes every given secret out of a text, for tool output that may quote one. Values under 4 characters are left. */
export function redact(text: string, secrets: Iterable<Secret>): string {
  let clean = text;
  for (const secret of secrets) {
    const value = secret.reveal();
    if (value.length >= 4) clean = clean.replaceAll(value, REDACTED);
  }
  return clean;
}
