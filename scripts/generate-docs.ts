/**
 * Writes the generated part of docs/: the reference of steady.yaml, its JSON Schema, and the list of errors. Run it with
 * `npx tsx scripts/generate-docs.ts` after a change of src/contracts/stack or of the failure registry; a test fails when
 * it was forgotten.
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { generatedFiles } from './docs/generated-files.js';

const root = fileURLToPath(new URL('..', import.meta.url));
for (const [path, text] of Object.entries(await generatedFiles(root))) {
  await writeFile(join(root, path), text);
  process.stdout.write(`${path}\n`);
}
