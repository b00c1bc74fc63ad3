/** A text of a compose file with its variables replaced by what is known of them. */
export interface Interpolated {
  readonly text: string;
  /** Variables without a value and without a default. */
  readonly unknown: readonly string[];
}

export type Variables = Readonly<Record<string, string>>;

const NAME = /[A-Za-z_]\w*/y;

/**
 * Replaces `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:?message}` and `${X:+other}` as Compose does, however deeply
 * they stand in each other; `$$` is a dollar sign. Unknown ones become empty text, and what is no variable stays as it is.
 * (Compose specification, 12-interpolation.)
 *
 * @param variables names and values the caller knows, such as those of a `.env` file
 */
export function interpolate(given: string, variables: Variables): Interpolated {
  const unknown: string[] = [];
  let text = '';
  let at = 0;
  for (let dollar = given.indexOf('$'); dollar !== -1; dollar = given.indexOf('$', at)) {
    text += given.slice(at, dollar);
    const found = variableAt(given, dollar);
    at = found?.end ?? dollar + 1;
    text += found ? valueOf(found, variables, unknown) : '$';
    if (!found && given[at] === '$') at++;
  }
  return { text: text + given.slice(at), unknown };
}

interface Variable {
  readonly name: string;
  /** `:-`, `-`, `:?`, `?`, `:+` or `+`; empty when there is none. */
  readonly operator: string;
  readonly operand: string;
  /** Index after it. */
  readonly end: number;
}

function variableAt(given: string, dollar: number): Variable | undefined {
  const braced = given[dollar + 1] === '{';
  NAME.lastIndex = dollar + (braced ? 2 : 1);
  const name = NAME.exec(given)?.[0];
  if (name === undefined) return undefined;
  const afterName = NAME.lastIndex;
  if (!braced) return { name, operator: '', operand: '', end: afterName };
  const close = closingBrace(given, afterName);
  if (close === undefined) return undefined;
  const rest = given.slice(afterName, close);
  const operator = /^:?[-+?]/.exec(rest)?.[0] ?? '';
  if (operator === '' && rest !== '') return undefined;
  return { name, operator, operand: rest.slice(operator.length), end: close + 1 };
}

/** Where the brace closes that is open before `from`; variables in between have braces of their own. */
function closingBrace(given: string, from: number): number | undefined {
  let open = 1;
  for (let at = from; at < given.length; at++) {
    if (given[at] === '{' && given[at - 1] === '$') open++;
    if (given[at] === '}' && --open === 0) return at;
  }
  return undefined;
}

function valueOf({ name, operator, operand }: Variable, variables: Variables, unknown: string[]): string {
  const value = Object.hasOwn(variables, name) ? variables[name] : undefined;
  const isSet = value !== undefined && !(operator.startsWith(':') && value === '');
  const operandText = (): string => {
    const inner = interpolate(operand, variables);
    unknown.push(...inner.unknown);
    return inner.text;
  };
  if (operator.endsWith('+')) return isSet ? operandText() : '';
  if (isSet) return value;
  if (operator.endsWith('-')) return operandText();
  unknown.push(name);
  return '';
}

/** The variable a text consists of, such as `DB_PASSWORD` in `${DB_PASSWORD:?must be set}`; `$$X` counts too. */
export function soleVariable(text: string): string | undefined {
  const bare = text.trim().replace(/^(["'])(.*)\1$/s, '$2');
  const start = bare.startsWith('$$') ? 1 : 0;
  if (bare[start] !== '$') return undefined;
  const found = variableAt(bare, start);
  return found?.end === bare.length ? found.name : undefined;
}
