import { readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { isFailureCode, type FailureCode } from '../../src/contracts/failures.js';

/** A fact that a place of the code gives. */
interface Fact {
  /** Whether it is always there: what is undefined is left out of messages. */
  readonly always: boolean;
  /** What its text looks like, where the code spells it out. */
  readonly text: RegExp | undefined;
}

/** A place in src that makes a failure. */
export interface FailurePlace {
  readonly where: string;
  readonly codes: readonly FailureCode[];
  readonly facts: ReadonlyMap<string, Fact>;
  /** Whether there may be facts by names that only a run knows, such as those of stores. */
  readonly others: boolean;
  /** Whether it tells another failure on, with its code or one of its own, and adds to its facts. */
  readonly onto: 'same code' | 'own code' | undefined;
}

const root = fileURLToPath(new URL('../..', import.meta.url));
const source = join(root, 'src');
/** What takes a code and facts, beside `super` of a class of its own. */
const MAKERS = ['SteadyError', 'LostStart', 'fail', 'failureMessage'];
/** A code that is computed is one of those that its file names, unless its type says more. */
const MANY = 12;

/** Every place of src that makes a failure, with what the compiler knows of its codes and facts. */
export function failurePlaces(): FailurePlace[] {
  const config = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => readFileSync(path, 'utf8'));
  const parsed = ts.parseJsonConfigFileContent({ ...config.config, include: ['src'] }, ts.sys, root);
  const program = ts.createProgram(parsed.fileNames, { ...parsed.options, noEmit: true });
  const checker = program.getTypeChecker();
  return program
    .getSourceFiles()
    .filter((file) => file.fileName.startsWith(`${source}/`))
    .flatMap((file) => callsIn(file).flatMap((call) => placesOf(call, file, checker)));
}

type Call = ts.NewExpression | ts.CallExpression;

function callsIn(file: ts.SourceFile): Call[] {
  const calls: Call[] = [];
  const visit = (node: ts.Node): void => {
    if (
      (ts.isNewExpression(node) || ts.isCallExpression(node)) &&
      (node.expression.kind === ts.SyntaxKind.SuperKeyword ||
        (ts.isIdentifier(node.expression) && MAKERS.includes(node.expression.text)))
    )
      calls.push(node);
    node.forEachChild(visit);
  };
  visit(file);
  return calls;
}

function placesOf(call: Call, file: ts.SourceFile, checker: ts.TypeChecker): FailurePlace[] {
  const [code, facts] = call.arguments ?? [];
  if (code === undefined) return [];
  const { line } = file.getLineAndCharacterOfPosition(call.getStart());
  const where = `${relative(dirname(source), file.fileName)}:${line + 1}`;
  const isSame = code.getText().endsWith('error.code');
  const codes = isSame ? [] : codesOf(code, file, checker);
  const own = { where, codes };
  if (facts === undefined) return [{ ...own, facts: new Map(), others: false, onto: undefined }];
  const spreads = ts.isObjectLiteralExpression(facts) ? facts.properties.filter(ts.isSpreadAssignment) : [];
  const told = spreads.some(({ expression }) => expression.getText().endsWith('error.facts'));
  const opened = spreads.some(({ expression }) => isOpen(checker.getTypeAtLocation(expression), checker));
  const type = checker.getTypeAtLocation(facts);
  return (type.isUnion() ? type.types : [type]).map((one) => ({
    ...own,
    facts: factsOf(one, facts, checker),
    others: !told && (opened || isOpen(one, checker)),
    onto: told ? (isSame ? 'same code' : 'own code') : undefined,
  }));
}

/** Whether its names are not known: it takes any. */
const isOpen = (type: ts.Type, checker: ts.TypeChecker): boolean =>
  checker.getIndexInfosOfType(type).length > 0;

function codesOf(code: ts.Node, file: ts.SourceFile, checker: ts.TypeChecker): FailureCode[] {
  const type = checker.getTypeAtLocation(code);
  const all = (type.isUnion() ? type.types : [type]).flatMap((one) =>
    one.isStringLiteral() && isFailureCode(one.value) ? [one.value] : [],
  );
  return all.length <= MANY ? all : all.filter((one) => file.text.includes(`'${one}'`));
}

function factsOf(type: ts.Type, written: ts.Node, checker: ts.TypeChecker): Map<string, Fact> {
  return new Map(
    checker.getPropertiesOfType(type).map((property): [string, Fact] => {
      const own = checker.getTypeOfSymbol(property);
      const absent = [own, ...(own.isUnion() ? own.types : [])].some(
        (one) => (one.flags & ts.TypeFlags.Undefined) !== 0,
      );
      const always = !absent && (property.flags & ts.SymbolFlags.Optional) === 0;
      return [property.name, { always, text: textOf(property, written) }];
    }),
  );
}

/** Of a fact that is spelled out at the place itself: its text, with anything for what is filled in. */
function textOf(property: ts.Symbol, written: ts.Node): RegExp | undefined {
  const { valueDeclaration: declared } = property;
  if (!declared || !ts.isPropertyAssignment(declared) || declared.parent !== written) return undefined;
  const pattern = patternOf(declared.initializer);
  return pattern === undefined ? undefined : new RegExp(`^(?:${pattern})$`, 's');
}

function patternOf(value: ts.Expression): string | undefined {
  const quoted = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  if (ts.isStringLiteralLike(value)) return quoted(value.text);
  if (ts.isTemplateExpression(value))
    return [value.head.text, ...value.templateSpans.map(({ literal }) => literal.text)]
      .map(quoted)
      .join('.*');
  if (!ts.isConditionalExpression(value)) return undefined;
  const [one, other] = [patternOf(value.whenTrue), patternOf(value.whenFalse)];
  return one === undefined || other === undefined ? undefined : `${one}|${other}`;
}

type Example = Readonly<Record<string, unknown>>;

/**
 * Whether a failure of this code may have just these facts: all that the place always gives, and none by another name. What
 * is told on has those of another place too.
 *
 * @param others whether facts may be called after stores of a stack
 */
export function mayGive(
  places: readonly FailurePlace[],
  code: FailureCode,
  example: Example,
  { others }: { readonly others: boolean },
): boolean {
  const own = places.filter((place) => place.codes.includes(code));
  if (own.some((place) => place.onto === undefined && gives(place, example, others))) return true;
  return places.some((place) => {
    if (place.onto === undefined || (place.onto === 'own code' && !own.includes(place))) return false;
    const names = [...place.facts.keys()].filter((name) => Object.hasOwn(example, name));
    const rest = Object.fromEntries(Object.entries(example).filter(([name]) => !names.includes(name)));
    const added = Object.fromEntries(names.map((name) => [name, example[name]]));
    const inner = place.onto === 'same code' ? own : places;
    const isInner = (one: FailurePlace) => one.onto === undefined && gives(one, rest, others);
    return names.length > 0 && gives(place, added, false) && inner.some(isInner);
  });
}

/** Whether this place may give just these. */
function gives({ facts, others }: FailurePlace, example: Example, anyName: boolean): boolean {
  const told = Object.entries(example).every(([name, value]) => {
    const fact = facts.get(name);
    return fact === undefined ? others && anyName : (fact.text?.test(String(value)) ?? true);
  });
  return told && [...facts].every(([name, { always }]) => !always || Object.hasOwn(example, name));
}
