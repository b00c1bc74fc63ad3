import { existsSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { z } from 'zod';

/** In the state folder of a `steady up`, and beside the stack file where that is another place. */
export const UP_NOTE = 'up.json';
const STATE = '.steady';

const upNoteSchema = z.object({
  address: z.string().optional(),
  pid: z.number().optional(),
  /** The state folder. */
  state: z.string().optional(),
});
export type UpNote = z.infer<typeof upNoteSchema>;

/** Where a `steady up` of this stack file keeps its state, when it is told nothing else. */
export const stateBeside = (folder: string): string => join(folder, STATE);

/** Where that may be, beside a stack file or in the folder that is named in its stead. */
export const statesBeside = (config: string): string[] =>
  [dirname(resolve(config)), resolve(config)].map(stateBeside);

/**
 * What a `steady up` has noted beside the stack file: how it is reached, and where its state is.
 *
 * @param config path of the stack file, or its folder
 */
export function readUpNote(config: string): UpNote | undefined {
  for (const state of statesBeside(config)) {
    const path = join(state, UP_NOTE);
    if (!existsSync(path)) continue;
    try {
      return upNoteSchema.parse(JSON.parse(readFileSync(path, 'utf8')));
    } catch {
      // A file half-written by a killed `up` says nothing.
    }
  }
  return undefined;
}
