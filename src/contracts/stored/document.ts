import { z } from 'zod';

/** Every stored form carries its version; readers accept all earlier ones for ever. */
export const storedVersion = z.literal(1);
export const timeSchema = z.iso.datetime();
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

export const storedObjectSchema = z.strictObject({
  key: z.string().describe('relative to <prefix>/<stack>/'),
  bytes: z.number().int().nonnegative(),
  sha256: sha256Schema,
});
export type StoredObject = z.infer<typeof storedObjectSchema>;

/** One stream of a backup: its pieces in order; restoring begins with `cat` of them. */
export const storedStreamSchema = z.strictObject({
  name: z.string(),
  pieces: z.array(storedObjectSchema).min(1),
  rawBytes: z.number().int().nonnegative().describe('before compression'),
  rawSha256: sha256Schema,
  lines: z
    .number()
    .int()
    .nonnegative()
    .optional()
    .describe('rows in the stream, where it is those of a table'),
});
export type StoredStream = z.infer<typeof storedStreamSchema>;
