import { interpolate, type Variables } from './interpolate.js';

const ENTRY =
  /^[ \t]*(?:export[ \t]+)?([A-Za-z_][\w.-]*)[ \t]*(?:[=:][ \t]*(?:'((?:[^'\\]|\\.)*)'|"((?:[^"\\]|\\.)*)"|([^\n]*))|(?=$))/gm;

/**
 * Variables of an env file as Compose reads it: `export`, quotes, values over several lines, comments. Values without
 * quotes or in double quotes may use variables; a name alone takes its value from those known.
 * (Compose specification, 05-services, "env_file format".)
 *
 * @param known what counts before the file's own lines, such as the environment of the shell
 */
export function parseEnvText(text: string, known: Variables): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [, name = '', single, double, plain] of text.replaceAll('\r\n', '\n').matchAll(ENTRY)) {
    const replaced = (value: string) => interpolate(value, { ...found, ...known }).text;
    if (single !== undefined) found[name] = single;
    else if (double !== undefined) found[name] = replaced(unescape(double));
    else if (plain !== undefined) found[name] = replaced(plain.replace(/(^|\s+)#.*$/, '').trimEnd());
    else if (known[name] !== undefined) found[name] = known[name];
  }
  return found;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', r: '\r', t: '\t', '"': '"', '\\': '\\' };
const unescape = (value: string): string =>
  value.replaceAll(/\\(.)/gs, (whole, character: string) => ESCAPES[character] ?? whole);
