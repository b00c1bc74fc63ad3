import { readFile } from 'node:fs/promises';

/** What a repository shows of its environment to whoever sets it up. */
export const EXAMPLE = '.env.example';
/** Shorter values, such as a port or yes, are not secrets. */
const SECRET_LENGTH = 6;

/** Names and values of a file of variables; none where it cannot be read. */
export async function readVariables(path: string): Promise<[name: string, value: string][]> {
  const text = await readFile(path, 'utf8').catch(() => '');
  return [...text.matchAll(/^\s*(?:export\s+)?(\w+)=(.*)$/gm)].map(([, name = '', value = '']) => [
    name,
    value.trim().replace(/^(["'])(.*)\1$/, '$2'),
  ]);
}

export async function exampleValues(path: string): Promise<Set<string>> {
  const values = (await readVariables(path)).map(([, value]) => value);
  return new Set(values.filter((value) => value.length >= SECRET_LENGTH));
}

export const takenFromExample = (name: string): string =>
  `${name} is the value that ${EXAMPLE} shows to everyone; make one of your own`;
