import { SteadyError } from '../../../contracts/failures.js';
import type { ContentFacts, Manifest } from '../../../contracts/stored/manifest.js';
import type { BackupReader, StoreCall } from '../port.js';
import type { Root } from './context.js';
import { detailOf } from './detail.js';
import { readArchive, STREAM } from './dump.js';
import { archiveTool, extractTool } from './tar-tools.js';

/** Only root may give files away; a test of a copy by another user leaves the owners out. */
export const mayGiveOwners = (root: Root): boolean => root.volume || process.getuid?.() === 0;

export async function extractInto(root: Root, folder: string, reader: BackupReader): Promise<void> {
  await reader.stream(STREAM, root.place(extractTool(folder, mayGiveOwners(root))));
}

/**
 * Archives a restored folder to nowhere and compares counts and digest with the backup's: names, owners, modes, times,
 * links, attributes and content. Throws `store.mismatch`.
 */
export async function compareFolder(
  call: StoreCall,
  root: Root,
  folder: string,
  manifest: Manifest,
): Promise<string[]> {
  const { exclude } = detailOf(manifest);
  const { body, facts } = readArchive(root.place(archiveTool(folder, exclude)), call.signal);
  for await (const chunk of body) void chunk;
  return assertSame(manifest.facts, facts(), mayGiveOwners(root));
}

/** @throws `store.mismatch` naming what differs. */
export function assertSame(wanted: ContentFacts, found: ContentFacts, digests: boolean): string[] {
  const differences: string[] = [];
  for (const name of new Set([...Object.keys(wanted.counts), ...Object.keys(found.counts)])) {
    const [want, have] = [wanted.counts[name] ?? 0, found.counts[name] ?? 0];
    if (want !== have) differences.push(`${name}: ${want} in the backup, ${have} here`);
  }
  if (digests) {
    for (const [name, want] of Object.entries(wanted.digests)) {
      if (found.digests[name] !== want) differences.push(`digest of ${name} differs`);
    }
  }
  if (differences.length > 0)
    throw new SteadyError('store.mismatch', { differences: differences.join('; ') });
  const { files = 0, folders = 0, symlinks = 0, bytes = 0 } = found.counts;
  const findings = [`${files} files, ${folders} folders, ${symlinks} symbolic links, ${bytes} bytes`];
  findings.push(
    digests
      ? 'digest of names, owners, modes, times and content equal'
      : 'owners not compared: the worker is not root',
  );
  return findings;
}
