import { randomBytes } from 'node:crypto';
import { open, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { Decrypter } from 'age-encryption';
import { SteadyError } from '../contracts/failures.js';
import type { Secret } from '../contracts/secret.js';

const TMPFS = 0x01021994; // statfs(2)

/**
 * Opens a file in memory that has no name any more and holds the identity, for age to read as /dev/fd/N: neither argv
 * nor a disk nor another process sees it. (A pipe of Node's is a socket, which cannot be opened by that path.)
 */
export async function openIdentity(identity: Secret): Promise<FileHandle> {
  for (const folder of ['/dev/shm', process.env['XDG_RUNTIME_DIR'], '/run']) {
    if (folder === undefined || !(await isMemory(folder))) continue;
    const path = join(folder, `.steady-${randomBytes(12).toString('hex')}`);
    const file = await open(path, 'wx+', 0o600).catch(() => undefined);
    if (file === undefined) continue;
    try {
      await unlink(path);
      await file.write(`${identity.reveal()}\n`, 0);
      return file;
    } catch (error) {
      await file.close();
      throw error;
    }
  }
  throw new SteadyError('tool.failed', {
    tool: 'age',
    error: 'no file system in memory (/dev/shm) to hand it the identity',
  });
}

async function isMemory(folder: string): Promise<boolean> {
  return statfs(folder).then(
    (stats) => stats.type === TMPFS,
    () => false,
  );
}

/** `unknown`: an identity of a plugin, which only age itself can try. */
export type HeaderMatch = 'opens' | 'wrong' | 'damaged' | 'unknown';

/**
 * Whether an identity opens an age file, from the file's header alone (age-encryption.org/v1): age itself tells a wrong
 * identity and a damaged file apart only in words.
 */
export async function matchHeader(header: Uint8Array, identity: Secret): Promise<HeaderMatch> {
  const lines = identity
    .reveal()
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (lines.length === 0) return 'wrong';
  const decrypter = new Decrypter();
  // Asked before and after the real ones: tells how far it came, without reading messages.
  let parsed = false;
  let missed = false;
  decrypter.addIdentity({ unwrapFileKey: () => ((parsed = true), null) });
  try {
    for (const line of lines) {
      if (line.startsWith('AGE-PLUGIN-')) return 'unknown';
      decrypter.addIdentity(line.trim());
    }
  } catch {
    return 'wrong'; // no age identity at all
  }
  decrypter.addIdentity({ unwrapFileKey: () => ((missed = true), null) });
  try {
    await decrypter.decryptHeader(header);
    return 'opens';
  } catch {
    return parsed && missed ? 'wrong' : 'damaged';
  }
}

const HEADER_MOST = 64 * 1024;

/** The header of an age file with its last line, undefined while more bytes are needed, all of it when there is none. */
export function ageHeader(start: Buffer): Buffer | undefined {
  const last = start.indexOf('\n---');
  const end = last === -1 ? -1 : start.indexOf('\n', last + 1);
  if (end !== -1) return start.subarray(0, end + 1);
  return start.length > HEADER_MOST ? start : undefined;
}
