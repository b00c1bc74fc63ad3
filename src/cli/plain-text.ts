/** The colours this program writes itself (ECMA-48, "Select Graphic Rendition"); harmless wherever they come from. */
const COLOUR = String.raw`\u001B\[[0-9;]*m`;
const NOT_PLAIN = new RegExp(`(${COLOUR})|[\\u0000-\\u001F\\u007F-\\u009F]`, 'g');

/**
 * A line as a terminal may be given it. Names of tables and words of servers may hold anything; what would move the cursor
 * or begin a line is written as it is in JSON.
 */
export function plainLine(text: string): string {
  return text.replace(NOT_PLAIN, (found, colour: string | undefined) => colour ?? escaped(found));
}

/** The same for what may have several lines. */
export function plainText(text: string): string {
  return text.split('\n').map(plainLine).join('\n');
}

function escaped(character: string): string {
  const code = character.charCodeAt(0).toString(16).padStart(4, '0');
  return { '\n': '\\n', '\t': '\\t', '\r': '\\r' }[character] ?? `\\u${code}`;
}
