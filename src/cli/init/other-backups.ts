import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { cleanUpDays } from './find-retention.js';
import { dumpToolIn } from './recognise.js';
import { PROPOSED_STORAGE } from './write-steady-yaml.js';

/** Backups beside ours that no compose file names. */
export interface OtherBackups {
  /** Where each is, in words. */
  readonly lines: readonly string[];
  /** Days after which they delete theirs; the longest. */
  readonly keepDays?: number | undefined;
}

const SCRIPT = /\.(sh|bash|ps1|py)$/i;
const DUMP = /\.(sql|dump|rdb|tar|tgz|archive|bak)(\.(gz|zst|bz2|xz))?$/i;
/** No listing of a folder is looked at further than this. */
const MOST = 5000;

/**
 * Cron lines, scripts and folders with dumps, beside the compose file and in the crontabs that can be read here. What they
 * hold is never shown: such lines have passwords in them.
 */
export async function findOtherBackups(folder: string): Promise<OtherBackups> {
  const crontabs = [
    { name: 'crontab -l', text: await ownCrontab() },
    ...['/etc/crontab', ...filesIn('/etc/cron.d', /./), ...filesIn(folder, /cron/i)].map((path) => ({
      name: path.startsWith(`${folder}/`) ? relative(folder, path) : path,
      text: textOf(path),
    })),
  ];
  const scripts = [folder, join(folder, 'scripts'), join(folder, 'bin')]
    .flatMap((place) => filesIn(place, SCRIPT))
    .map((path) => ({ path, text: textOf(path) }))
    .filter(({ path, text }) => /backup/i.test(basename(path)) || dumpToolIn(text) !== undefined);
  const days = [...crontabs, ...scripts].flatMap(({ text }) => cleanUpDays(text));
  return {
    lines: [
      ...crontabs.flatMap(({ name, text }) => cronLines(name, text)),
      ...scripts.map(({ path, text }) => `script ${relative(folder, path)}${calls(text)}`),
      ...foldersIn(folder).flatMap((path) => dumpFolder(folder, path)),
    ],
    keepDays: days.length === 0 ? undefined : Math.max(1, ...days),
  };
}

function cronLines(name: string, text: string): string[] {
  return text.split('\n').flatMap((line, index) => {
    const isJob = /^\s*(?:[\d*,/-]+\s+){4}|^\s*@\w+\s/.test(line);
    if (!isJob || !(/backup|\bdumps?\b/i.test(line) || dumpToolIn(line) !== undefined)) return [];
    return [`cron line ${index + 1} of ${name}${calls(line)}`];
  });
}

const calls = (text: string): string => {
  const tool = dumpToolIn(text);
  return tool === undefined ? '' : ` (calls ${tool})`;
};

function dumpFolder(folder: string, path: string): string[] {
  const dumps = list(path, { recursive: true }).filter((name) => DUMP.test(name));
  const newest = Math.max(...dumps.map((name) => modified(join(path, name))));
  if (dumps.length === 0) return [];
  const date = new Date(newest).toISOString().slice(0, 10);
  return [`folder ${relative(folder, path)} with ${dumps.length} dumps, the newest of ${date}`];
}

const foldersIn = (folder: string): string[] =>
  list(folder)
    .filter((name) => /backup|dump/i.test(name) && name !== basename(PROPOSED_STORAGE))
    .map((name) => join(folder, name))
    .filter((path) => list(path).length > 0);

const filesIn = (folder: string, name: RegExp): string[] =>
  list(folder)
    .filter((one) => name.test(one))
    .map((one) => join(folder, one));

/** What cannot be looked at here is passed over: a laptop has no crontab of the server. */
function list(folder: string, { recursive = false } = {}): string[] {
  try {
    return readdirSync(folder, { recursive, encoding: 'utf8' }).slice(0, MOST);
  } catch {
    return [];
  }
}

function textOf(path: string): string {
  try {
    return statSync(path).size > 2 ** 20 ? '' : readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function modified(path: string): number {
  try {
    return statSync(path).mtimeMs;
  } catch {
    return 0;
  }
}

async function ownCrontab(): Promise<string> {
  try {
    return (await promisify(execFile)('crontab', ['-l'], { timeout: 5000 })).stdout;
  } catch {
    return '';
  }
}
