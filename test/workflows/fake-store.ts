import { createHash } from 'node:crypto';
import type { RestorePlace, StoreCall, StorePort } from '../../src/adapters/stores/port.js';
import { SteadyError } from '../../src/contracts/failures.js';
import type { StoreKind } from '../../src/contracts/stack/stores.js';
import type { Script } from './script.js';

/** A store's data: one text, and what restores made of it. */
export interface FakeData {
  /** Undefined: it cannot be read. */
  live: string | undefined;
  readonly fresh: Map<string, string>;
  readonly kept: Map<string, string>;
  readonly undone: Map<string, string>;
}

export function createFakeData(live: string): FakeData {
  return { live, fresh: new Map(), kept: new Map(), undone: new Map() };
}

const SERVER = { product: 'Text', version: '1.0', major: 1 };
const digest = (text: string): string => createHash('sha256').update(text).digest('hex');

/** A store of one text in memory. Its streams go the real way: compressed, cut, put, checked. */
export function createFakeStore(of: {
  readonly name: string;
  readonly kind: StoreKind;
  readonly data: FakeData;
  readonly script: Script;
}): StorePort {
  const { name, kind, data, script } = of;
  const enter = (phase: string, call: StoreCall) => script.enter(`${phase} ${name}`, call.signal);
  const live = (): string => {
    if (data.live === undefined)
      throw new SteadyError('store.unreachable', { store: name }, { retryable: false });
    return data.live;
  };
  const facts = (text: string) => ({ counts: { bytes: text.length }, digests: { text: digest(text) } });
  const whole = (text: string) => ({ atMost: {}, names: {}, ...facts(text) });
  const placeOf = (place: RestorePlace): string =>
    place.mode === 'into' ? `into ${place.into}` : place.token;

  return {
    kind,
    async facts(call) {
      await enter('facts', call);
      return { ...SERVER, bytes: live().length, facts: whole(live()) };
    },
    check: () => Promise.resolve([{ what: name, status: 'ok', message: 'reached' }]),
    async dump(call, writer) {
      const text = live();
      const takenAt = new Date().toISOString();
      await enter('dump', call);
      const stream = await writer.content('text', once(text));
      await enter('dumped', call);
      const facts = whole(text);
      return {
        method: 'text',
        takenAt,
        server: SERVER,
        tools: {},
        streams: [stream],
        facts,
        detail: {},
        notes: [],
      };
    },
    recognise({ head }) {
      if (head.length === 0) throw new SteadyError('import.damaged', { says: 'it is empty' });
      return { format: 'text' };
    },
    async importDump(call, writer, dump) {
      await enter('import', call);
      const chunks: Buffer[] = [];
      for await (const chunk of dump.open()) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      const stream = await writer.content('text', once(text));
      const more = { tools: {}, detail: {}, notes: [] };
      const takenAt = new Date().toISOString();
      return { method: 'text', takenAt, server: SERVER, streams: [stream], facts: whole(text), ...more };
    },
    escape: (_manifest, cat) => [`${cat('text')} > text`],
    async readable(call, reader) {
      await enter('readable', call);
      const { rawBytes } = await reader.stream('text');
      return [`${rawBytes} bytes read`];
    },
    async preview(call, _manifest, place) {
      await enter('preview', call);
      return {
        words: {
          load: `Load ${name} beside`,
          compare: `Compare ${name}`,
          cutover: `Switch ${name} over`,
          undo: `Put ${name} back`,
        },
        live: data.live === undefined ? undefined : { ...SERVER, facts: whole(data.live) },
        notes: [],
        keptAs: place.mode === 'beside' ? `${name}_old_${place.token}` : undefined,
        stopsStore: false,
      };
    },
    async load(call, reader, place) {
      if (place.mode === 'in-place') data.live = '';
      await enter('load', call);
      const chunks: Buffer[] = [];
      for await (const chunk of reader.open('text')) chunks.push(chunk);
      const text = Buffer.concat(chunks).toString();
      if (place.mode === 'in-place') data.live = text;
      else data.fresh.set(placeOf(place), text);
    },
    async compare(call, manifest, place) {
      await enter('compare', call);
      const loaded = place.mode === 'in-place' ? data.live : data.fresh.get(placeOf(place));
      if (loaded === undefined || digest(loaded) !== manifest.facts.digests['text'])
        throw new SteadyError('store.mismatch', { store: name });
      return [`${loaded.length} bytes equal`];
    },
    async cutover(call, place) {
      await enter('cutover', call);
      const fresh = data.fresh.get(placeOf(place));
      if (fresh !== undefined && place.mode === 'beside') {
        data.kept.set(placeOf(place), data.live ?? '');
        data.live = fresh;
        data.fresh.delete(placeOf(place));
      }
      return { gapSeconds: 0.01, notes: [] };
    },
    async undo(call, place, options) {
      await enter('undo', call);
      if (place.mode === 'in-place' && place.absent !== true && options?.begun !== false)
        throw new SteadyError('store.gone', { store: name, says: 'its data were replaced in place' });
      const kept = data.kept.get(placeOf(place));
      if (kept === undefined) {
        if (options?.finished && !data.undone.has(placeOf(place)))
          throw new SteadyError('store.gone', { store: name, says: 'it is not kept any more' });
        data.fresh.delete(placeOf(place));
        return [`what was loaded for ${name} is removed`];
      }
      data.undone.set(placeOf(place), live());
      data.live = kept;
      data.kept.delete(placeOf(place));
      return [`${name} is as before`];
    },
    async kept(call, place) {
      await enter('kept', call);
      const at = placeOf(place);
      return data.kept.has(at) || data.undone.has(at) ? `${name}_old_${at}` : undefined;
    },
    async release(call, place) {
      await enter('release', call);
      const had = data.kept.delete(placeOf(place));
      const undone = data.undone.delete(placeOf(place));
      return had || undone ? [`what was kept of ${name} is dropped`] : ['nothing to do: nothing is kept'];
    },
    async scratch(call) {
      await enter('scratch', call);
      const inner = createFakeStore({ ...of, name: `${name} in scratch`, data: createFakeData('') });
      return { store: inner, close: () => script.enter(`close scratch of ${name}`) };
    },
  };
}

async function* once(text: string): AsyncGenerator<Buffer> {
  // In chunks, as a tool would write it.
  for (let at = 0; at < text.length; at += 65_536) yield Buffer.from(text.slice(at, at + 65_536));
}
