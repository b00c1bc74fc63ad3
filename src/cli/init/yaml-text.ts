const PLAIN = /^[A-Za-z_/][\w./-]*$/;
const NOT_TEXT = /^(?:true|false|null|yes|no|on|off|y|n)$/i;

/** A text as a YAML scalar for any place: plain where that is safe, else in double quotes. */
export function scalar(text: string): string {
  return PLAIN.test(text) && !NOT_TEXT.test(text) ? text : JSON.stringify(text);
}

/** A mapping in flow form: `{ env: NAME, … }`; fields that are undefined are left out. */
export function flow(fields: Readonly<Record<string, string | undefined>>): string {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  return given.length === 0 ? '{}' : `{ ${given.map(([key, value]) => `${key}: ${value}`).join(', ')} }`;
}

/** A comment of one line, whatever the text holds. */
export function comment(text: string): string {
  return `# ${text.replaceAll(/[\s\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').trim()}`;
}
