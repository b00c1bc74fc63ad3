import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { randomBytes } from 'node:crypto';
import { z } from 'zod';
import type { Identity } from '../client/approvals.js';
import { SteadyError } from '../contracts/failures.js';
import { fromBase64, publicKeyOf, toBase64 } from '../contracts/signing.js';

const schema = z.strictObject({
  version: z.literal(1),
  name: z.string().min(1),
  public: z.string(),
  secret: z.string(),
});

export function identityPath(given?: string): string {
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  return given ?? process.env['STEADY_IDENTITY'] ?? join(config, 'steady', 'identity');
}

/** The person's identity, or undefined when there is none. Throws `identity.missing` for a file that is none. */
export async function readIdentity(given?: string): Promise<Identity | undefined> {
  const path = identityPath(given);
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && given === undefined) return undefined;
    throw new SteadyError('identity.missing', { path, error: (error as NodeJS.ErrnoException).code });
  }
  const parsed = schema.safeParse(safeJson(text));
  const secretKey = parsed.success ? fromBase64(parsed.data.secret) : undefined;
  if (!parsed.success || secretKey?.length !== 32)
    throw new SteadyError('identity.missing', { path, error: 'not an identity file' });
  return { name: parsed.data.name, secretKey };
}

/** Makes an identity; never overwrites one. Gives the public half for the stack file. */
export async function createIdentity(name: string, given?: string): Promise<{ path: string; key: string }> {
  const path = identityPath(given);
  const secretKey = new Uint8Array(randomBytes(32));
  const key = publicKeyOf(secretKey);
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const text = `${JSON.stringify({ version: 1, name, public: key, secret: toBase64(secretKey) }, null, 2)}\n`;
  try {
    await writeFile(path, text, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST')
      throw new SteadyError('usage.invalid', { path, error: String(error) });
    throw new SteadyError(
      'usage.invalid',
      { path, error: 'there is an identity already' },
      {
        hint: 'It is yours to use: `steady identity show` prints its public half. For another one name a file with --identity.',
      },
    );
  }
  return { path, key };
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
