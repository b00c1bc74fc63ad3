import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join, relative, resolve } from 'node:path';
import { parse } from 'yaml';
import { fileWarnings } from './file-warnings.js';
import type { EnvironmentOf } from './port.js';
import { EXAMPLE, exampleValues, readVariables, whyKnown } from './variables.js';

/** Names that compose looks for where none is given, in its order: the first one there is, and its override. */
const COMPOSE_FILES = ['compose.yaml', 'compose.yml', 'docker-compose.yml', 'docker-compose.yaml'];

/** Names of variables that hold a secret, */
const SECRET = /PASS|SECRET|TOKEN|KEY|CREDENTIAL|SALT/i;
/** and of those that often have one in them: such a value may be another's example all the same. */
const MAY_HOLD = /AUTH|DSN|URL/i;

/**
 * How the files that hold the stack's environment are kept: `.env` beside stack and compose files, `env_file`s of its
 * services, and what `--install` made. One without a secret in it, by the names of its variables, is anybody's to read.
 */
export async function environmentWarnings(folder: string, of: EnvironmentOf): Promise<string[]> {
  const warnings = new Set<string>();
  for (const { path, shown, known } of await secretFiles(folder, of)) {
    for (const warning of await fileWarnings('environment file', shown, path)) warnings.add(warning);
    for (const why of known) warnings.add(why);
  }
  return [...warnings];
}

/** Why everybody may know secrets in those files, a sentence each. */
export async function knownInFiles(folder: string, of: EnvironmentOf): Promise<string[]> {
  return (await secretFiles(folder, of)).flatMap(({ known }) => known);
}

interface SecretFile {
  readonly path: string;
  /** As it is named to people. */
  readonly shown: string;
  readonly known: readonly string[];
}

/** The files of variables that hold a secret. */
async function secretFiles(folder: string, of: EnvironmentOf): Promise<SecretFile[]> {
  const isSecret = (name: string): boolean => of.names.includes(name) || SECRET.test(name);
  const files: SecretFile[] = [];
  for (const path of await environmentFiles(folder, of)) {
    const secrets = (await readVariables(path)).filter(
      ([name, value]) => value !== '' && (isSecret(name) || MAY_HOLD.test(name)),
    );
    if (secrets.length === 0) continue;
    const near = relative(folder, path);
    const examples = await exampleValues(join(dirname(path), EXAMPLE));
    const known = secrets.flatMap(([name, value]) =>
      isSecret(name) ? (whyKnown(name, value, examples) ?? []) : [],
    );
    files.push({ path, shown: near.startsWith('..') ? path : near, known });
  }
  return files;
}

async function environmentFiles(
  folder: string,
  { compose, units, config }: EnvironmentOf,
): Promise<Set<string>> {
  const files = compose === undefined ? [] : composeFiles(folder, compose.files);
  const project = files[0] === undefined ? folder : dirname(files[0]);
  const named = await Promise.all(files.map(namedInside));
  const installed = ['/etc/steady', join(config ?? join(homedir(), '.config'), 'steady')].flatMap((at) =>
    units.map((unit) => join(at, `${unit}.env`)),
  );
  return new Set([
    join(folder, '.env'),
    join(project, '.env'),
    ...(compose?.envFile === undefined ? [] : [resolve(folder, compose.envFile)]),
    ...named.flat().map((path) => resolve(project, path)),
    ...installed,
  ]);
}

function composeFiles(folder: string, given: readonly string[]): string[] {
  if (given.length > 0) return given.map((file) => resolve(folder, file));
  const first = COMPOSE_FILES.find((name) => existsSync(join(folder, name)));
  if (first === undefined) return [];
  return [first, first.replace('.y', '.override.y')].map((name) => join(folder, name));
}

/** `env_file` of each service: a path, or a list of paths, each alone or as `path:` (Compose specification). */
async function namedInside(composeFile: string): Promise<string[]> {
  const services = await readFile(composeFile, 'utf8').then(
    (text) => (asYaml(text) as { services?: unknown } | null)?.services,
    () => undefined,
  );
  if (typeof services !== 'object' || services === null) return [];
  return Object.values(services).flatMap((service: { env_file?: unknown } | null) =>
    [service?.env_file ?? []].flat().flatMap((one: unknown) => {
      const path = typeof one === 'object' && one !== null ? (one as { path?: unknown }).path : one;
      return typeof path === 'string' && !path.includes('$') ? [path] : [];
    }),
  );
}

/** What compose itself will refuse has no files. */
function asYaml(text: string): unknown {
  try {
    return parse(text, { merge: true, logLevel: 'silent' });
  } catch {
    return undefined;
  }
}
