import { randomBytes } from 'node:crypto';
import { closeSync, fstatSync, openSync, readFileSync } from 'node:fs';
import { mkdir, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { z } from 'zod';
import { SteadyError } from '../contracts/failures.js';
import type { Demand } from '../contracts/trust.js';

const digest = z.string().regex(/^[0-9a-f]{64}$/);

const allowFileSchema = z.strictObject({
  version: z.literal(1),
  commands: z.array(z.strictObject({ digest, argv: z.array(z.string()), at: z.string() })),
  stacks: z.array(
    z.strictObject({ digest, stack: z.string(), at: z.string(), parts: z.record(z.string(), digest) }),
  ),
});

/** What a worker carries out: stacks as they were read by a person, and the programs they name. */
export type Allowed = z.infer<typeof allowFileSchema>;

const NOTHING: Allowed = { version: 1, commands: [], stacks: [] };

/** The newest ones of each stack: the file is read often, and is written at each change of a stack file. */
const MOST_VERSIONS = 100;

/** In the state folder of `steady up`, whose worker reads it. */
export const ALLOW_FILE = 'trust.json';

/** Nothing where there is no file. Throws `trust.unsafe` for one that others can change, or that is damaged. */
export function readAllowed(path: string): Allowed {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return NOTHING;
    throw new SteadyError('trust.unsafe', { file: path, error: code }, { cause });
  }
  try {
    const facts = fstatSync(file);
    const { uid, mode } = facts;
    const own = process.getuid?.() ?? uid;
    if (uid !== own && uid !== 0)
      throw new SteadyError('trust.unsafe', { file: path, owner: uid, worker: own });
    if ((mode & 0o022) !== 0)
      throw new SteadyError('trust.unsafe', { file: path, mode: (mode & 0o777).toString(8) });
    const parsed = allowFileSchema.safeParse(facts.isFile() ? asJson(readFileSync(file, 'utf8')) : undefined);
    if (!parsed.success) throw new SteadyError('trust.unsafe', { file: path, error: 'not an allow file' });
    return parsed.data;
  } finally {
    closeSync(file);
  }
}

/** Commands of a stack that the file does not hold yet, each once. */
export function newCommands(allowed: Allowed, { commands }: Demand): Demand['commands'] {
  const known = new Set(allowed.commands.map((one) => one.digest));
  return commands.filter(
    ({ digest }, at) => !known.has(digest) && commands.findIndex((one) => one.digest === digest) === at,
  );
}

/** Parts that differ from the newest version of the stack in the file; all of them where there is none. */
export function changedParts({ stacks }: Allowed, { stack, digest, parts }: Demand): string[] {
  if (stacks.some((one) => one.digest === digest)) return [];
  const before = stacks.findLast((one) => one.stack === stack)?.parts ?? {};
  const names = new Set([...Object.keys(parts), ...Object.keys(before)]);
  return [...names].filter((name) => parts[name] !== before[name]);
}

/** With a stack as it is now, and its commands. Versions before it stay: runs in flight have them. */
export function withStack(allowed: Allowed, demand: Demand, at = new Date().toISOString()): Allowed {
  const { stack, digest, parts } = demand;
  const fresh = newCommands(allowed, demand).map(({ digest, argv }) => ({ digest, argv: [...argv], at }));
  const others = allowed.stacks.filter((one) => one.digest !== digest);
  const surplus = others.filter((one) => one.stack === stack).slice(0, 1 - MOST_VERSIONS);
  const kept = others.filter((one) => !surplus.includes(one));
  const stacks = [...kept, { digest, stack, at, parts: { ...parts } }];
  return { version: 1, commands: [...allowed.commands, ...fresh], stacks };
}

/** Whole or not at all; readable and writable by its owner alone. */
export async function writeAllowed(path: string, allowed: Allowed): Promise<void> {
  const fresh = `${path}.${randomBytes(4).toString('hex')}.new`;
  try {
    if (await stat(path).catch(() => undefined)) readAllowed(path);
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    await writeFile(fresh, `${JSON.stringify(allowed, null, 2)}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await rename(fresh, path);
  } catch (cause) {
    if (cause instanceof SteadyError) throw cause;
    const { code } = cause as NodeJS.ErrnoException;
    throw new SteadyError('usage.invalid', { trust: path, error: `cannot be written: ${code}` }, { cause });
  }
}

function asJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
