import { timeId } from '../../../src/contracts/ids.js';
import type { CrashStack, StoreName } from './stack.js';
import { readStored } from './stored.js';

/** Of copies where storage locks. */
const LOCKED_MS = 5000;

/**
 * Older copies of a store's first proven backup, a day apart, with its proofs: as many nights of backups as are wanted without
 * waiting for them. Gives their ids, oldest last.
 */
export async function cloneBackups(stack: CrashStack, store: StoreName, count: number): Promise<string[]> {
  const { names, port } = stack.stored;
  const sealed = (await names(`manifests/${store}`)).map((name) => name.replace('.json', ''));
  const proven = await names(`proofs/${store}`);
  const original = sealed.find((id) => proven.includes(id));
  if (original === undefined) throw new Error(`no proven backup of ${store} to copy`);
  const text = (await readStored(port, `manifests/${store}/${original}.json`)).toString('utf8');
  const { takenAt } = JSON.parse(text) as { takenAt: string };
  const objects: { readonly key: string; readonly bytes: Buffer }[] = [];
  for (const kind of ['data', 'proofs'])
    for await (const { key } of port.list(`${kind}/${store}/${original}/`))
      objects.push({ key, bytes: await readStored(port, key) });
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const time = new Date(Date.parse(takenAt) - (at + 1) * 86_400_000);
    const id = timeId(time, Uint8Array.from([at >> 8, at & 255, 1, 2, 3]));
    const clone = text.replaceAll(original, id).replaceAll(takenAt, time.toISOString());
    const own = [
      ...objects.map(({ key, bytes }) => [key.replace(original, id), bytes] as const),
      [`manifests/${store}/${id}.json`, Buffer.from(clone)] as const,
    ];
    const until = new Date(Date.now() + LOCKED_MS);
    for (const [key, bytes] of own)
      await (port.lock ? port.lock.create(key, bytes, until) : port.create(key, bytes));
    ids.push(id);
  }
  return ids;
}
