import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { readUpNote, stateBeside, UP_NOTE } from '../../client/up-note.js';
import { note, unnote, type StateFolder } from './state-folder.js';

/** How commands in the folder of the stack file find a running `steady up`, wherever its state is. */
export interface RunningNote {
  write(facts: Readonly<Record<string, unknown>>): Promise<void>;
  remove(): Promise<void>;
}

export function upNote(state: StateFolder, stackFolder: string): RunningNote {
  const path = stateBeside(stackFolder);
  const elsewhere = path !== state.path;
  // Best effort: where nothing can be written, --address and --trust say it.
  const beside = { file: (name: string) => join(path, name), tell: () => undefined };
  const isAnothers = (): boolean => {
    const pid = readUpNote(stackFolder)?.pid;
    return pid !== undefined && pid !== process.pid && isAlive(pid);
  };
  return {
    async write(facts) {
      const noted = { ...facts, pid: process.pid, state: state.path };
      await note(state, UP_NOTE, noted);
      if (!elsewhere || isAnothers()) return;
      await mkdir(path, { mode: 0o700 }).catch(() => undefined);
      await note(beside, UP_NOTE, noted);
    },
    async remove() {
      await unnote(state, UP_NOTE);
      if (elsewhere && !isAnothers()) await unnote(beside, UP_NOTE);
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
