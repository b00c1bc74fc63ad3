import { createHash, randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { ACTIONS, TOKEN_ROLES } from '../contracts/actions.js';
import { SteadyError } from '../contracts/failures.js';
import { nameSchema } from '../contracts/names.js';

/** In the state folder of `steady up`, whose API reads it. */
export const TOKENS_FILE = 'tokens.json';

const tokenSchema = z.strictObject({
  name: nameSchema,
  kind: z.enum(['bearer', 'webhook']),
  /** Of a bearer token: SHA-256 of it, hex. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .optional(),
  /** Of a webhook: what its signatures are made with; a hash of it could not check them. */
  secret: z.string().optional(),
  /** In whose name it asks and decides; left out: a machine's. */
  person: z.string().min(1).optional(),
  roles: z.array(z.enum(TOKEN_ROLES)),
  actions: z.array(z.enum(ACTIONS)),
  stacks: z.array(nameSchema).min(1),
  /** Left out: all of the stack. */
  services: z.array(nameSchema).min(1).optional(),
  createdAt: z.iso.datetime(),
  expiresAt: z.iso.datetime(),
});
const tokensFileSchema = z.strictObject({ version: z.literal(1), tokens: z.array(tokenSchema) });

/** What a holder may do, where, and until when. */
export type Token = z.infer<typeof tokenSchema>;

/** 256 bits that nobody guesses, with a beginning by which scanners for leaked secrets find them. */
export const newSecret = (kind: Token['kind']): string =>
  `${kind === 'bearer' ? 'steady' : 'steadyhook'}_${randomBytes(32).toString('base64url')}`;

/** Of 256 random bits one round of SHA-256 is enough: there is nothing to guess. */
export const secretSha256 = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** None where there is no file. Throws `token.unsafe` for one that others can read or change, or that is damaged. */
export function readTokens(path: string): readonly Token[] {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    throw unsafe(path, code ?? 'unknown', cause);
  }
  try {
    const facts = fstatSync(file);
    const own = process.getuid?.() ?? facts.uid;
    if (facts.uid !== own && facts.uid !== 0) throw unsafe(path, `it belongs to uid ${facts.uid}`);
    if ((facts.mode & 0o077) !== 0)
      throw unsafe(path, `others may use it: mode ${(facts.mode & 0o777).toString(8)}, not 600`);
    const parsed = tokensFileSchema.safeParse(
      facts.isFile() ? asJson(readFileSync(file, 'utf8')) : undefined,
    );
    if (!parsed.success) throw unsafe(path, 'not a file of tokens');
    return parsed.data.tokens;
  } finally {
    closeSync(file);
  }
}

/**
 * Changes the tokens: whole or not at all, readable by its owner alone. Two at once wait for each other.
 *
 * @param change gives the new ones; throws what is wrong with that
 */
export async function changeTokens(
  path: string,
  change: (tokens: readonly Token[]) => readonly Token[],
): Promise<void> {
  const lock = `${path}.lock`;
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  try {
    // Held for a moment: one that lies there was left by a process that was killed.
    await writeFile(lock, String(process.pid), { flag: 'wx', mode: 0o600 });
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code !== 'EEXIST') throw unusable(path, `cannot be written: ${code}`, cause);
    throw unusable(path, `another command changes it; if none does, remove ${lock}`, cause);
  }
  const fresh = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    const text = `${JSON.stringify({ version: 1, tokens: change(readTokens(path)) }, null, 2)}\n`;
    await writeFile(fresh, text, { mode: 0o600, flag: 'wx', flush: true });
    await rename(fresh, path);
  } catch (cause) {
    await rm(fresh, { force: true });
    if (cause instanceof SteadyError) throw cause;
    throw unusable(path, `cannot be written: ${(cause as NodeJS.ErrnoException).code}`, cause);
  } finally {
    await rm(lock, { force: true });
  }
}

const unsafe = (file: string, error: string, cause?: unknown): SteadyError =>
  new SteadyError('token.unsafe', { file, error }, { cause });

const unusable = (tokens: string, error: string, cause?: unknown): SteadyError =>
  new SteadyError('usage.invalid', { tokens, error }, { cause });

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
