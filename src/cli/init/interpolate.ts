/** A text of a compose file with its variables replaced by what is known of them. */
export interface Interpolated {
  readonly text: string;
  /** Variables without a value and without a default. */
  readonly unknown: readonly string[];
}

const VARIABLE = /\$(?:\$|\{([A-Za-z_]\w*)(?:(:?[-+?])((?:[^{}]|\$\{[^{}]*\})*))?\}|([A-Za-z_]\w*))/g;

/**
 * Replaces `$X`, `${X}`, `${X:-default}`, `${X-default}`, `${X:?message}` and `${X:+other}` as Compose does; `$$` is a
 * dollar sign. Unknown ones become empty text. (Compose specification, 12-interpolation.)
 *
 * @param environment names and values the caller knows, such as those of a `.env` file
 */
export function interpolate(given: string, environment: Readonly<Record<string, string>>): Interpolated {
  const unknown: string[] = [];
  const text = given.replace(
    VARIABLE,
    (match, braced?: string, operator?: string, operand?: string, bare?: string) => {
      if (match === '$$') return '$';
      const name = braced ?? bare ?? '';
      const value = Object.hasOwn(environment, name) ? environment[name] : undefined;
      const isSet = value !== undefined && !(operator?.startsWith(':') && value === '');
      const rest = () => interpolate(operand ?? '', environment).text;
      if (operator?.endsWith('+')) return isSet ? rest() : '';
      if (isSet) return value;
      if (operator?.endsWith('-')) return rest();
      unknown.push(name);
      return '';
    },
  );
  return { text, unknown };
}

/** The variable a text consists of, such as `DB_PASSWORD` in `${DB_PASSWORD:?must be set}`; `$$X` counts too. */
export function soleVariable(text: string): string | undefined {
  const m = /^["']?\$?\$(?:\{([A-Za-z_]\w*)(?::?[-+?][^{}]*)?\}|([A-Za-z_]\w*))["']?$/.exec(text.trim());
  return m?.[1] ?? m?.[2];
}
