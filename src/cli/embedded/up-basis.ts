import { stat } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { z } from 'zod';
import { stateBeside } from '../../client/up-note.js';
import { SteadyError } from '../../contracts/failures.js';
import { nameSchema } from '../../contracts/names.js';
import { secretReferences } from '../../contracts/secret.js';
import type { Stack } from '../../contracts/stack/stack.js';
import type { Context } from '../context.js';
import { warningLines } from '../warning-lines.js';
import { note, readNote, type StateFolder } from './state-folder.js';

const APPLIED_NOTE = 'applied.json';

const appliedSchema = z.object({ stack: nameSchema, site: nameSchema, folder: z.string().min(1) });

/** What a worker needs to go on with what is applied; it is noted, for the day the stack file cannot be read. */
export type Applied = z.infer<typeof appliedSchema>;

/** What `steady up` comes up with: the stack of the file, or the one applied before when the file is of no use. */
export interface Basis extends Applied {
  /** Absolute path of the state folder. */
  readonly state: string;
  /** Whether a stack was applied from this state folder before. */
  readonly before: boolean;
  /** Why the file is of no use. */
  readonly broken?: SteadyError;
}

/**
 * A broken or missing file must not keep a machine that restarts at night from going on with what was applied: a restore
 * half done would stay so, and nothing would be backed up. Throws what is wrong with the file when nothing was applied.
 */
export async function basisOf(context: Context, state: string | undefined): Promise<Basis> {
  const path = resolve(state ?? stateBeside(await folderOf(context.options.config)));
  const applied = appliedSchema.safeParse(await readNote(path, APPLIED_NOTE)).data;
  const common = { state: path, before: applied !== undefined };
  try {
    const { stack, folder, warnings } = await context.load();
    warningLines(warnings).forEach((line) => context.output.warn(line));
    const unset = unsetVariables(stack);
    if (unset.length > 0)
      context.output.warn(
        `warning: not set here: ${unset.join(', ')}. What needs them fails until they are.`,
      );
    return { ...common, stack: stack.stack, site: stack.site, folder };
  } catch (error) {
    if (applied === undefined || !(error instanceof SteadyError)) throw error;
    return { ...common, ...applied, broken: error };
  }
}

/** Variables that the stack names for secrets, and that the worker started from here will not find. */
export function unsetVariables(stack: Stack, env: NodeJS.ProcessEnv = process.env): string[] {
  const named = secretReferences(stack).flatMap((ref) => ('env' in ref ? [ref.env] : []));
  return [...new Set(named)].filter((name) => env[name] === undefined);
}

export const noteApplied = (folder: StateFolder, applied: Applied): Promise<void> =>
  note(folder, APPLIED_NOTE, applied);

/** Folder of the stack file, which need not be there. */
async function folderOf(config: string): Promise<string> {
  const path = resolve(config);
  const isFolder = await stat(path).then(
    (facts) => facts.isDirectory(),
    () => false,
  );
  return isFolder ? path : dirname(path);
}
