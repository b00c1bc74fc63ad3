import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** Two age keys, as `steady init` makes them: the proof worker's in a file, one that would be kept elsewhere. */
export async function makeAgeKeys(folder: string) {
  const [proof, offline] = [await generateX25519Identity(), await generateX25519Identity()];
  const identityFile = join(folder, 'proof.key');
  await writeFile(identityFile, `${proof}\n`, { mode: 0o600 });
  return {
    proof: await identityToRecipient(proof),
    offline: await identityToRecipient(offline),
    identityFile,
  };
}
