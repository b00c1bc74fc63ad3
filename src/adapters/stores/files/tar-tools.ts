import type { Tool } from '../../../pipelines/tool.js';

/** What tools run with: messages in English, names as bytes, the clock of files in UTC. */
const env = { LC_ALL: 'C', TZ: 'UTC' };

/** Everything about a file that tar can keep. */
const ATTRIBUTES = ['--numeric-owner', '--acls', '--xattrs', '--xattrs-include=*'];

/** Our own folders inside the data; they are no part of them. */
const OURS = './.steady-*';

/**
 * GNU tar that archives a folder to stdout, entries in sorted order, holes kept, other file systems below left out.
 * It ends with 1 when a file changed while it was read: that fails the backup.
 */
export function archiveTool(folder: string, exclude: readonly string[]): Tool {
  return {
    argv: [
      'tar',
      ...['--create', '--format=posix', '--sort=name', '--sparse', '--one-file-system', ...ATTRIBUTES],
      // Inode times and process ids would make two archives of one folder differ.
      '--pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime',
      ...['--anchored', `--exclude=${OURS}`, '--no-anchored'],
      ...exclude.map((pattern) => `--exclude=${pattern}`),
      ...['--file=-', `--directory=${folder}`, '.'],
    ],
    env,
  };
}

/** GNU tar that unpacks stdin into a folder with everything it kept; owners only when asked, for that takes root. */
export function extractTool(folder: string, owners: boolean): Tool {
  return {
    argv: [
      'tar',
      ...['--extract', '--preserve-permissions', owners ? '--same-owner' : '--no-same-owner', ...ATTRIBUTES],
      // A folder without write permission is closed only when all is in it.
      ...['--delay-directory-restore', '--file=-', `--directory=${folder}`],
    ],
    env,
  };
}

/** GNU tar that reads stdin to its end and lists to nowhere. */
export const listTool: Tool = { argv: ['tar', '--list', '--index-file=/dev/null', '--file=-'], env };

export const versionTool: Tool = { argv: ['tar', '--version'], env };
