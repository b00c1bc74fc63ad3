import { createHash } from 'node:crypto';
import { stackSchema, type Stack } from '../contracts/stack/stack.js';
import { crossCheck } from './cross-checks/index.js';
import { findingsOf, problemAt, type Finding } from './issue-problems.js';
import { locate } from './locate.js';
import { fieldText, inOrder, StackFileError, type Problem } from './problems.js';
import { readYaml, type YamlText } from './read-yaml.js';

export interface ParsedStack {
  /** Defaults filled in, durations in seconds, sizes in bytes, secrets still references. */
  readonly stack: Stack;
  /** What is allowed but may not be meant. */
  readonly warnings: readonly Problem[];
  /** SHA-256 of the text (UTF-8, without a byte order mark), hex. */
  readonly sha256: string;
}

export interface ParseOptions {
  /** From when on schedules are compared with daylight saving time; default: now. */
  readonly now?: Date;
  /** Folder of the stack file, where relative paths begin; default: the current one. */
  readonly folder?: string;
}

/**
 * Reads the text of a stack file. Throws {@link StackFileError} with every problem found; nothing else.
 *
 * @param fileName as shown in problems
 */
export function parseStackText(given: string, fileName: string, options: ParseOptions = {}): ParsedStack {
  const text = given.startsWith('\ufeff') ? given.slice(1) : given;
  const yaml = readYaml(text, fileName);
  const problems = [...yaml.problems];
  const report = (finding: Finding) => problemAt(finding, placeIn(yaml, fileName), fieldText(finding.path));

  if (!yaml.usable) throw new StackFileError(fileName, inOrder(problems));
  if (yaml.value === null || yaml.value === undefined) {
    problems.push({ file: fileName, line: 1, column: 1, field: '', message: 'the file is empty' });
    throw new StackFileError(fileName, inOrder(problems));
  }
  const parsed = stackSchema.safeParse(yaml.value);
  if (!parsed.success) problems.push(...someOf(findingsOf(parsed.error.issues, yaml.value)).map(report));
  if (!parsed.success || problems.length > 0) throw new StackFileError(fileName, inOrder(problems));

  const { errors, warnings } = crossCheck(parsed.data, {
    now: options.now ?? new Date(),
    folder: options.folder ?? '.',
    file: fileName,
  });
  if (errors.length > 0) throw new StackFileError(fileName, inOrder(errors.map(report)));
  return {
    stack: parsed.data,
    warnings: inOrder(warnings.map(report)),
    sha256: createHash('sha256').update(text, 'utf8').digest('hex'),
  };
}

/** More mistakes than these are one mistake made many times; finding the place of each would take long. */
const MOST_FINDINGS = 200;

function someOf(findings: readonly Finding[]): Finding[] {
  const more = findings.length - MOST_FINDINGS;
  if (more <= 0) return [...findings];
  const rest: Finding = { path: [], at: 'key', message: `and ${more} more problems` };
  return [...findings.slice(0, MOST_FINDINGS), rest];
}

function placeIn(yaml: YamlText, file: string) {
  return (path: readonly (string | number)[], at: Finding['at']) => {
    const wanted = at === 'parent' ? path.slice(0, -1) : path;
    const found = locate(yaml.document, wanted);
    const offset = at === 'value' && found.depth === path.length ? found.value : found.key;
    const { line, col } = yaml.lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
}
