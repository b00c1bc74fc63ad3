import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';

/** An extension with a configuration table and one that is none. */
const EXTENSION = {
  'steady_test.control': `comment = 'made by a test'\ndefault_version = '1.0'\nrelocatable = false\nschema = steady_test\n`,
  'steady_test--1.0.sql': `
    CREATE TABLE @extschema@.rules (name text PRIMARY KEY, own boolean NOT NULL DEFAULT true);
    INSERT INTO @extschema@.rules VALUES ('builtin', false);
    SELECT pg_catalog.pg_extension_config_dump('@extschema@.rules', 'WHERE own');
    CREATE TABLE @extschema@.scratchpad (n int);
    INSERT INTO @extschema@.scratchpad VALUES (1);`,
};

export interface PrivateInstall {
  /** Folder of programs that find the extension. */
  readonly bin: string;
  remove(): void;
}

/**
 * A PostgreSQL installation of links into a real one, and an extension of our own beside its extensions: the installed
 * folders are not written to. The programs find their files relative to where they lie (src/port/path.c), so the two
 * that look for extensions are copies, for links would be followed.
 */
export function privateInstall(bin: string): PrivateInstall {
  const asked = (what: string): string =>
    execFileSync(join(bin, 'pg_config'), [what], { encoding: 'utf8' }).trim();
  const folders = { bin: asked('--bindir'), share: asked('--sharedir'), lib: asked('--pkglibdir') };
  const common = commonFolder(Object.values(folders));
  const root = mkdtempSync(join(tmpdir(), 'steady-install-'));
  const here = (folder: string): string => join(root, relative(common, folder));

  linkAll(folders.bin, here(folders.bin), ['postgres', 'initdb']);
  for (const program of ['postgres', 'initdb'])
    copyFileSync(join(folders.bin, program), join(here(folders.bin), program));
  linkAll(folders.share, here(folders.share), ['extension']);
  linkAll(join(folders.share, 'extension'), join(here(folders.share), 'extension'), []);
  for (const [name, text] of Object.entries(EXTENSION))
    writeFileSync(join(here(folders.share), 'extension', name), text);
  mkdirSync(dirname(here(folders.lib)), { recursive: true });
  symlinkSync(folders.lib, here(folders.lib));
  // The server runs as a user of its own.
  execFileSync('find', [root, '-type', 'd', '-exec', 'chmod', '755', '{}', '+']);
  chmodSync(root, 0o755);
  return { bin: here(folders.bin), remove: () => rmSync(root, { recursive: true, force: true }) };
}

function linkAll(from: string, to: string, except: readonly string[]): void {
  mkdirSync(to, { recursive: true });
  for (const name of readdirSync(from))
    if (!except.includes(name)) symlinkSync(join(from, name), join(to, name));
}

function commonFolder(paths: readonly string[]): string {
  let folder = paths[0] ?? '/';
  while (!paths.every((path) => path.startsWith(folder === '/' ? '/' : `${folder}/`)))
    folder = dirname(folder);
  return folder;
}
