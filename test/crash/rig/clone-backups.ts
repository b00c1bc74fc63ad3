import { timeId } from '../../../src/contracts/ids.js';
import type { CrashStack, StoreName } from './stack.js';
import { readStored } from './stored.js';

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
    for (const { key, bytes } of objects) await port.create(key.replace(original, id), bytes);
    const clone = text.replaceAll(original, id).replaceAll(takenAt, time.toISOString());
    await port.create(`manifests/${store}/${id}.json`, Buffer.from(clone));
    ids.push(id);
  }
  return ids;
}
