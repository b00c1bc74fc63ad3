import { execFile } from 'node:child_process';
import { existsSync, realpathSync } from 'node:fs';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Option } from 'commander';
import { SteadyError } from '../../contracts/failures.js';
import type { Output } from '../output.js';
import { withoutInstall } from './again.js';
import { unitText, type Unit } from './unit.js';

export interface Installing extends Pick<Unit, 'description' | 'reloads'> {
  /** Of the unit, without `.service`. */
  readonly name: string;
  /** Variables that it has to have, as the stack file names them. */
  readonly variables: readonly string[];
  /** Only write the files there; `true`: into systemd's folder, and have it started. */
  readonly to: string | true;
  /** Options for the command that are not typed: where the environment of this moment says something. */
  readonly more?: readonly string[];
}

export const installOption = (): Option =>
  new Option(
    '--install [folder]',
    'have systemd run this very command, now and at each boot; with a folder, only write unit and variables there',
  );

/**
 * Writes a unit and the file for its secrets, and has systemd start it now and at each boot: for the whole machine as
 * root, under the account that called sudo, else for this user. Nothing is started while a variable has no value.
 */
export async function install(of: Installing, output: Output): Promise<void> {
  const root = process.getuid?.() === 0;
  const config = process.env['XDG_CONFIG_HOME'] ?? join(homedir(), '.config');
  const folder =
    of.to === true ? (root ? '/etc/systemd/system' : join(config, 'systemd', 'user')) : resolve(of.to);
  const envFile =
    of.to === true
      ? join(root ? '/etc' : config, 'steady', `${of.name}.env`)
      : join(folder, `${of.name}.env`);
  const user = root ? (process.env['SUDO_USER'] ?? userInfo().username) : undefined;
  const unit = join(folder, `${of.name}.service`);
  try {
    const argv = [process.execPath, ...process.execArgv, ...sameCommand(of)];
    const here = { folder: process.cwd(), path: process.env['PATH'] ?? '' };
    await putWhole(unit, unitText({ ...of, ...here, argv, envFile, user }), 0o644);
    await makeEnvFile(envFile, of.variables);
  } catch (cause) {
    const { code, path } = cause as NodeJS.ErrnoException;
    throw new SteadyError(
      'usage.invalid',
      { install: path ?? unit, error: `cannot be written: ${code}` },
      { cause },
    );
  }
  output.line(`unit: ${unit}`);
  output.line(`variables: ${envFile}`);
  const empty = unset(await readFile(envFile, 'utf8'), of.variables);
  const systemctl = root ? ['systemctl'] : ['systemctl', '--user'];
  const enable = [...systemctl, 'enable', '--now', `${of.name}.service`];
  const started = of.to === true && empty.length === 0 && existsSync('/run/systemd/system');
  if (started) {
    await run([...systemctl, 'daemon-reload']);
    await run(enable);
    // One that ran before goes on with the old unit otherwise.
    await run([...systemctl, 'restart', `${of.name}.service`]);
  }
  for (const line of nextLines({ started, empty, envFile, enable, root })) output.line(line);
  output.document({ unit, variables: envFile, empty, started });
}

/** As it was typed, in the folder where it was typed. */
function sameCommand({ to, more = [] }: Installing): string[] {
  const [, main = '', ...typed] = process.argv;
  return [realpathSync(main), ...withoutInstall(typed, to), ...more];
}

function nextLines(of: {
  started: boolean;
  empty: readonly string[];
  envFile: string;
  enable: readonly string[];
  root: boolean;
}): string[] {
  const linger = of.root ? [] : ['So that it runs while you are not logged in: loginctl enable-linger'];
  if (of.started) return ['It runs, and comes up with the machine.', ...linger];
  const fill = of.empty.length > 0 ? [`Give ${of.empty.join(', ')} a value in ${of.envFile}.`] : [];
  return ['Nothing was started.', ...fill, `Then: ${of.enable.join(' ')}`, ...linger];
}

/** Never over what somebody has filled in: what is missing is added, without a value. */
async function makeEnvFile(path: string, variables: readonly string[]): Promise<void> {
  const before = await readFile(path, 'utf8').catch(() => undefined);
  const missing = variables.filter((name) => !new RegExp(`^${name}=`, 'm').test(before ?? ''));
  if (before !== undefined && missing.length === 0) return;
  const head =
    before ?? '# What the stack file takes from the environment. Its owner alone reads this file.\n';
  const end = head.endsWith('\n') || head === '' ? '' : '\n';
  await putWhole(path, `${head}${end}${missing.map((name) => `${name}=\n`).join('')}`, 0o600);
}

const unset = (text: string, variables: readonly string[]): string[] =>
  variables.filter((name) => !new RegExp(`^${name}=.`, 'm').test(text));

async function putWhole(path: string, text: string, mode: number): Promise<void> {
  await mkdir(dirname(path), { recursive: true, mode: 0o755 });
  const fresh = `${path}.${process.pid}.new`;
  await writeFile(fresh, text, { mode, flush: true });
  await rename(fresh, path);
}

async function run(argv: readonly string[]): Promise<void> {
  const [program = '', ...args] = argv;
  try {
    await promisify(execFile)(program, args, { timeout: 120_000 });
  } catch (cause) {
    const says = String((cause as { stderr?: string }).stderr ?? cause).trim();
    throw new SteadyError('tool.failed', { tool: argv.join(' '), says }, { cause });
  }
}
