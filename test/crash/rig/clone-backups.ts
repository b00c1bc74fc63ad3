import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { timeId } from '../../../src/contracts/ids.js';
import type { CrashStack, StoreName } from './stack.js';

/**
 * Older copies of a store's first proven backup, a day apart, with its proofs: as many nights of backups as are wanted without
 * waiting for them. Gives their ids, oldest last.
 */
export function cloneBackups(stack: CrashStack, store: StoreName, count: number): string[] {
  const manifests = join(stack.storage, 'manifests', store);
  const proven = (id: string): boolean => existsSync(join(stack.storage, 'proofs', store, id));
  const original = readdirSync(manifests)
    .map((name) => name.replace('.json', ''))
    .find(proven);
  if (original === undefined) throw new Error(`no proven backup of ${store} to copy`);
  const text = readFileSync(join(manifests, `${original}.json`), 'utf8');
  const { takenAt } = JSON.parse(text) as { takenAt: string };
  return Array.from({ length: count }, (_, at) => {
    const time = new Date(Date.parse(takenAt) - (at + 1) * 86_400_000);
    const id = timeId(time, Uint8Array.from([at >> 8, at & 255, 1, 2, 3]));
    for (const kind of ['data', 'proofs']) {
      mkdirSync(join(stack.storage, kind, store), { recursive: true });
      cpSync(join(stack.storage, kind, store, original), join(stack.storage, kind, store, id), {
        recursive: true,
      });
    }
    const clone = text.replaceAll(original, id).replaceAll(takenAt, time.toISOString());
    writeFileSync(join(manifests, `${id}.json`), clone);
    return id;
  });
}
