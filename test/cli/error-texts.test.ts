import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { FAILURE_EXAMPLES } from '../../scripts/docs/failure-examples.js';
import { createProgram } from '../../src/cli/program.js';
import { tellFailure } from '../../src/cli/tell-failure.js';
import { FAILURES, SteadyError, type FailureCode } from '../../src/contracts/failures.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const read = (path: string): string => readFileSync(join(root, path), 'utf8');
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => join('src', path));
const codes = Object.keys(FAILURES) as FailureCode[];

describe('each failure', () => {
  afterEach(() => void vi.restoreAllMocks());

  it.each(codes)('%s is shown with its facts, code and hint, as docs/errors.md has it', (code) => {
    const screen = vi.spyOn(process.stderr, 'write').mockReturnValue(true);
    const stdout = vi.spyOn(process.stdout, 'write').mockReturnValue(true);
    const failure = new SteadyError(code, FAILURE_EXAMPLES[code]);
    tellFailure(failure, { json: false });
    tellFailure(failure, { json: true });
    const shown = screen.mock.calls.join('');
    const document = JSON.parse(stdout.mock.calls.join('')) as unknown;
    vi.restoreAllMocks();

    const { what, hint } = FAILURES[code];
    expect(shown.startsWith(`error: ${what}`)).toBe(true);
    for (const fact of Object.keys(FAILURE_EXAMPLES[code])) expect(shown).toMatch(RegExp(`${fact}[=:]`));
    expect(shown).toMatch(RegExp(`\n  code: ${code}\n  hint: [^\n]+\n$`));
    expect(document).toEqual({ error: { code, message: failure.message, hint } });
    expect(read('docs/errors.md')).toContain(`### ${code}\n`);
    expect(read('docs/errors.md')).toContain(`\`\`\`\n${shown}\`\`\``);
  });

  it('is one that the code can meet', () => {
    const all = sources.filter((path) => !/failure-registry|failures-of|exit-code/.test(path)).map(read);
    expect(codes.filter((code) => !all.some((text) => text.includes(`'${code}'`)))).toEqual([]);
  });
});

/** The command that words name, such as `backup list`; undefined when there is none. */
function commandOf(words: readonly string[], from: Command): Command | undefined {
  const [word, ...rest] = words;
  if (word === undefined || from.commands.length === 0 || !/^[a-z]/.test(word)) return from;
  const next = from.commands.find((command) => command.name() === word);
  if (next === undefined) return from.registeredArguments.length > 0 ? from : undefined;
  return commandOf(rest, next);
}

const program = createProgram([]);
const optionsOf = (command: Command): string[] => command.options.flatMap(({ long }) => long ?? []);
const every = (command: Command): Command[] => [command, ...command.commands.flatMap(every)];

describe('commands that texts name', () => {
  const pages = ['README.md', ...readdirSync(join(root, 'docs')).map((name) => join('docs', name))];
  const named = [...sources, ...pages.filter((path) => path.endsWith('.md'))].flatMap((path) =>
    [...read(path).matchAll(/`steady ([^`\\$:]+)\\?`/g)].map((match) => [path, match[1] ?? ''] as const),
  );

  it('are there, with the options named', () => {
    expect(named.length).toBeGreaterThan(80);
    const wrong = named.filter(([, text]) => {
      const words = text.trim().split(/\s+/);
      const command = commandOf(words, program);
      if (!command) return true;
      const known = [...optionsOf(command), ...optionsOf(program), '--help'];
      return words.some((word) => word.startsWith('--') && !known.includes(word));
    });
    expect(wrong).toEqual([]);
  });

  it('have the options that hints name by themselves', () => {
    const known = every(program).flatMap(optionsOf);
    const hinted = Object.values(FAILURES).flatMap(({ hint }) => hint.match(/--[a-z][a-z-]*/g) ?? []);
    expect(hinted).toContain('--unverified');
    expect(hinted.filter((option) => ![...known, '--help'].includes(option))).toEqual([]);
  });
});
