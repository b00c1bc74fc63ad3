const FACT = /([\w-]+)=("(?:[^"\\]|\\.)*"|[^\s"\]]+) ?/y;

/**
 * The message of a failure for people. Facts that quote failures themselves, such as those of each store, have a line of
 * their own and are not quoted again.
 */
export function failureLines(message: string): string[] {
  const begin = message.indexOf(' [');
  const facts = begin === -1 ? undefined : factsOf(message.slice(begin + 2));
  if (!facts?.some(([, value]) => value.includes('='))) return [message];
  return [message.slice(0, begin), ...facts.map(([key, value]) => `  ${key}: ${value}`)];
}

/** The facts in `key=value key="a value"]`; undefined when it is something else. */
function factsOf(text: string): [string, string][] | undefined {
  const facts: [string, string][] = [];
  FACT.lastIndex = 0;
  let end = 0;
  for (let found = FACT.exec(text); found; found = FACT.exec(text)) {
    const [, key = '', value = ''] = found;
    facts.push([key, value.startsWith('"') ? (JSON.parse(value) as string) : value]);
    end = FACT.lastIndex;
  }
  return text.slice(end) === ']' ? facts : undefined;
}
