import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { format } from 'prettier';

const FOLDER = fileURLToPath(new URL('../results/', import.meta.url));

/** Results are kept beside the bench, so that the docs can be made anew without measuring. */
export async function keepResults(name: string, results: unknown): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  writeFileSync(
    `${FOLDER}${name}.json`,
    await format(JSON.stringify(results), { parser: 'json', printWidth: 110 }),
  );
}

/** Undefined where nothing was measured yet. */
export function readResults<T>(name: string): T | undefined {
  try {
    return JSON.parse(readFileSync(`${FOLDER}${name}.json`, 'utf8')) as T;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
}
