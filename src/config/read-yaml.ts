import { Lexer, LineCounter, parseDocument, Parser, visit } from 'yaml';
import type { Document, Node } from 'yaml';
import { pathAt } from './locate.js';
import { isMergePair, mergeSources } from './merge-keys.js';
import { fieldText, type Problem } from './problems.js';
import { yamlProblem } from './yaml-problems.js';

/** Deeper than any stack file. yaml composes by recursion, and very deep input ends the whole process, uncatchably. */
const MAX_DEPTH = 64;
const MAX_ALIASES = 100;
/** Finding the place of each error takes a walk through the document. */
const MAX_ERRORS = 100;
const TAB = 'TAB_AS_INDENT';
/** What the lexer says before the text of a scalar. */
const SCALAR_FOLLOWS = '\u001f';

export interface YamlText {
  readonly document: Document;
  readonly lines: LineCounter;
  /** The content as plain data; undefined when it cannot be had. */
  readonly value: unknown;
  readonly problems: Problem[];
  /** Whether the data can be looked at further in spite of the problems. */
  readonly usable: boolean;
}

export interface ReadOptions {
  /** Unknown tags (`!x`) are refused, or ignored as in compose files. */
  readonly tags?: 'refused' | 'ignored';
  /** Default 100. */
  readonly maxAliases?: number;
}

/** Reads YAML 1.2 with unique text keys, anchors, a bounded number of aliases, and merge keys. Never throws. */
export function readYaml(
  text: string,
  file: string,
  { tags = 'refused', maxAliases = MAX_ALIASES }: ReadOptions = {},
): YamlText {
  const lines = new LineCounter();
  const options = {
    version: '1.2',
    uniqueKeys: true,
    stringKeys: true,
    merge: true,
    prettyErrors: false,
  } as const;
  const place = (offset: number) => {
    const { line, col } = lines.linePos(offset);
    return { file, line: Math.max(1, line), column: Math.max(1, col) };
  };
  const excess = findExcess(text, maxAliases);
  if (excess) {
    countLines(text, lines);
    const problem = { ...place(excess.offset), field: '', message: excess.message };
    return {
      document: parseDocument('', options),
      lines,
      value: undefined,
      problems: [problem],
      usable: false,
    };
  }

  const document = parseDocument(text, { ...options, lineCounter: lines });
  const errors = [...document.errors, ...(tags === 'refused' ? document.warnings : [])];
  const problems = errors
    .slice(0, MAX_ERRORS)
    // After a tab as indentation the rest is read as something else than was meant.
    .filter(({ code }, index, all) => code === TAB || !all.slice(0, index).some((one) => one.code === TAB))
    .map((error) => ({ ...place(error.pos[0]), ...yamlProblem(error, document), code: error.code }))
    // What follows a mistake on its line is mostly its echo.
    .filter(({ code, line }, index, all) => {
      return code !== 'UNEXPECTED_TOKEN' || all.findIndex((other) => other.line === line) === index;
    })
    .map(({ code: _, ...problem }): Problem => problem);
  const usable = errors.every((error) => error.code === 'DUPLICATE_KEY');
  const knots = usable ? findKnots(document) : [];
  for (const { offset, message } of knots) {
    problems.push({ ...place(offset), field: fieldText(pathAt(document, offset)), message });
  }
  if (!usable || knots.length > 0) return { document, lines, value: undefined, problems, usable: false };
  try {
    return { document, lines, value: document.toJS({ maxAliasCount: maxAliases }), problems, usable };
  } catch (error) {
    const message = error instanceof RangeError ? 'nested too deeply' : 'aliases stand for too much data';
    problems.push({ ...place(0), field: '', message });
    return { document, lines, value: undefined, problems, usable: false };
  }
}

/** Finds nesting and numbers of aliases beyond the limits, with parts of yaml that do not recurse. */
function findExcess(text: string, maxAliases: number): { offset: number; message: string } | undefined {
  const parser = new Parser();
  let aliases = 0;
  let previous = '';
  for (const lexeme of new Lexer().lex(text)) {
    for (const token of parser.next(lexeme)) void token;
    if (parser.stack.length > MAX_DEPTH) {
      return { offset: parser.offset - lexeme.length, message: `nested deeper than ${MAX_DEPTH} levels` };
    }
    const isAlias = lexeme.startsWith('*') && previous !== SCALAR_FOLLOWS;
    if (isAlias && ++aliases > maxAliases) {
      return { offset: parser.offset - lexeme.length, message: `more than ${maxAliases} aliases` };
    }
    previous = lexeme;
  }
  return undefined;
}

function countLines(text: string, lines: LineCounter): void {
  lines.addNewLine(0);
  for (let i = text.indexOf('\n'); i !== -1; i = text.indexOf('\n', i + 1)) lines.addNewLine(i + 1);
}

/** Aliases of a node from inside that node, and merge keys with something else than mappings. */
function findKnots(document: Document): { offset: number; message: string }[] {
  const knots: { offset: number; message: string }[] = [];
  visit(document, {
    Alias(_, alias) {
      const source = alias.resolve(document);
      const at = alias.range?.[0] ?? 0;
      if (!source) {
        const message = 'an alias without an anchor before it; a value that begins with * must be quoted';
        knots.push({ offset: at, message });
      } else if (source.range && source.range[0] <= at && at < source.range[1]) {
        knots.push({ offset: at, message: 'an alias cannot stand inside what it names' });
      }
    },
    Pair(_, pair) {
      if (isMergePair(pair) && !mergeSources(document, pair)) {
        knots.push({
          offset: (pair.key as Node).range?.[0] ?? 0,
          message: '<< takes a mapping or a list of mappings',
        });
      }
    },
  });
  return knots;
}
