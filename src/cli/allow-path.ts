import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { readUpNote, statesBeside } from '../client/up-note.js';
import { ALLOW_FILE } from '../config/allow-file.js';

/**
 * The worker's allow file: named, that of a `steady up` of the stack file where there is one, else the user's own.
 *
 * @param config path of the stack file, or its folder
 */
export function allowPath(given: string | undefined, config: string): string {
  if (given !== undefined) return resolve(given);
  const named = process.env['STEADY_TRUST'];
  if (named !== undefined && named !== '') return resolve(named);
  const beside = allowPathBeside(config);
  return beside ?? join(process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config'), 'steady', ALLOW_FILE);
}

/** The allow file of a `steady up` of the stack file; undefined where there is none. */
export function allowPathBeside(config: string): string | undefined {
  const noted = readUpNote(config)?.state;
  return [...(noted === undefined ? [] : [noted]), ...statesBeside(config)]
    .map((state) => join(state, ALLOW_FILE))
    .find((path) => existsSync(path));
}
