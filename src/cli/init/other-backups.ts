import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, relative } from 'node:path';
import { promisify } from 'node:util';
import type { StoreKind } from '../../contracts/stack/stores.js';
import { cleanUpDays } from './find-retention.js';
import { dumpToolIn } from './recognise.js';
import { PROPOSED_STORAGE } from './write-steady-yaml.js';

/** Backups beside ours that no compose file names. */
export interface OtherBackups {
  /** Where each is, in words. */
  readonly lines: readonly string[];
  /** Old dumps that `steady backup import` takes: of what kind of store, and a pattern of their names. */
  readonly dumps: readonly OldDumps[];
  /** Days after which they delete theirs; the longest. */
  readonly keepDays?: number | undefined;
}

export interface OldDumps {
  readonly kind: StoreKind;
  /** For a shell, from the folder of the compose file. */
  readonly pattern: string;
}

const IMPORTED: readonly { readonly kind: StoreKind; readonly ending: RegExp }[] = [
  { kind: 'postgres', ending: /\.(sql|dump)(\.(gz|zst|bz2|xz))?$/i },
  { kind: 'redis', ending: /\.rdb(\.(gz|zst|bz2|xz))?$/i },
  { kind: 'files', ending: /\.(tar|tgz)(\.(gz|zst|bz2|xz))?$/i },
];

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
    dumps: foldersIn(folder).flatMap((path) => oldDumps(folder, path)),
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

/** One pattern an ending: what a shell makes of it are the files, and no others. */
function oldDumps(folder: string, path: string): OldDumps[] {
  const found = new Map<string, StoreKind>();
  for (const name of list(path, { recursive: true })) {
    for (const { kind, ending } of IMPORTED) {
      const end = ending.exec(name)?.[0];
      if (end !== undefined)
        found.set(`${quoted(relative(folder, dirname(join(path, name))))}/*${end}`, kind);
    }
  }
  return [...found].map(([pattern, kind]) => ({ kind, pattern }));
}

const quoted = (path: string): string =>
  /^[\w./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;

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
