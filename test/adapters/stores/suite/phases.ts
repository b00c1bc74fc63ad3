import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RestorePlace } from '../../../../src/adapters/stores/port.js';
import { expectNothingLeft, load, newCall, PLACE, type Bench } from './bench.js';

/** What the phases do when all goes well, and that each may be called twice. */
export function phaseSentences(bench: Bench): void {
  describe('the phases', () => {
    it('tell what runs there and what a user may do, and change nothing by it', async () => {
      const { store } = bench.rig;
      const facts = await store.facts(newCall());
      expect(facts.product).not.toBe('');
      expect(facts.version).toMatch(/^\d+\.\d+/);
      expect(facts.major).toBe(Number.parseInt(facts.version, 10));
      expect(facts.bytes).toBeGreaterThan(0);
      const lines = await store.check(newCall());
      expect(lines.map(({ what }) => what)).toContain('reach');
      expect(lines.filter(({ status }) => status === 'error')).toEqual([]);
      expect(lines.filter(({ status, hint }) => status !== 'ok' && hint === undefined)).toEqual([]);
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('dump without changing the source, and describe what they dumped', async () => {
      const call = newCall();
      const manifest = await bench.vault.take(bench.rig.store, call);
      expect(manifest.facts).toEqual(bench.taken.facts);
      expect(Math.abs(Date.parse(manifest.takenAt) - Date.now())).toBeLessThan(60_000);
      expect(manifest.streams.map(({ name }) => name)).toEqual(
        expect.arrayContaining([...bench.rig.dataStreams]),
      );
      expect(Object.values(manifest.facts.counts).reduce((a, b) => a + b, 0)).toBeGreaterThan(100);
      expect(Object.keys(manifest.facts.digests)).not.toEqual([]);
      expect(call.lines.length).toBeGreaterThan(0);
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('read a backup to its end without its server', async () => {
      for (let i = 0; i < 2; i++) {
        const call = newCall();
        const findings = await bench.rig.store.readable(call, bench.vault.reader(bench.taken, call));
        expect(findings.length).toBeGreaterThan(0);
      }
      await expectNothingLeft(bench);
    });

    it('say beforehand what they will do, and touch nothing', async () => {
      const preview = await bench.rig.store.preview(newCall(), bench.taken, PLACE);
      for (const words of Object.values(preview.words)) expect(words).toMatch(/\S/);
      expect(preview.live?.version).toBe((await bench.rig.store.facts(newCall())).version);
      expect(preview.keptAs).toContain(PLACE.token);
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('restore beside, switch, switch back and let go, each twice as once', async () => {
      const { rig, before } = bench;
      rig.spoil();
      const spoiled = rig.contents();
      expect(spoiled).not.toBe(before);
      for (let i = 0; i < 2; i++) await load(bench);
      for (let i = 0; i < 2; i++)
        expect((await rig.store.compare(newCall(), bench.taken, PLACE)).length).toBeGreaterThan(0);
      expect(rig.contents()).toBe(spoiled);

      const first = await rig.store.cutover(newCall(), PLACE);
      expect(rig.contents()).toBe(before);
      const second = await rig.store.cutover(newCall(), PLACE);
      expect(second.gapSeconds).toBeCloseTo(first.gapSeconds, 2);
      const replaced = await rig.store.kept(newCall(), PLACE);
      expect(replaced).toMatch(PLACE.token);
      await load(bench);
      expect(rig.contents()).toBe(before);

      for (let i = 0; i < 2; i++) {
        await rig.store.undo(newCall(), PLACE, { finished: true });
        expect(rig.contents()).toBe(spoiled);
        const aside = await rig.store.kept(newCall(), PLACE);
        expect([aside === replaced, aside]).toEqual([false, expect.stringContaining(PLACE.token)]);
      }
      for (let i = 0; i < 2; i++) await rig.store.release(newCall(), PLACE);
      expect(rig.contents()).toBe(spoiled);
      await expectNothingLeft(bench);
    });

    it('keep the restored data when the hold of the replaced ones ends', async () => {
      bench.rig.spoil();
      await load(bench);
      await bench.rig.store.cutover(newCall(), PLACE);
      const released = await bench.rig.store.release(newCall(), PLACE);
      expect(released.join('\n')).toContain(PLACE.token);
      expect((await bench.rig.store.release(newCall(), PLACE)).join('\n')).toMatch(/^nothing to do/);
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('restore into another place without touching the live data, and refuse one that is taken', async () => {
      bench.rig.spoil();
      const spoiled = bench.rig.contents();
      const other = await bench.rig.elsewhere();
      try {
        const place: RestorePlace = { ...PLACE, mode: 'into', into: other.into };
        const preview = await bench.rig.store.preview(newCall(), bench.taken, place);
        expect(preview.words.cutover).toMatch(/^nothing to do: /);
        for (let i = 0; i < 2; i++) await load(bench, place);
        for (let i = 0; i < 2; i++) await bench.rig.store.compare(newCall(), bench.taken, place);
        expect((await bench.rig.store.cutover(newCall(), place)).notes.join()).toMatch(/^nothing to do: /);
        expect(await other.contents()).toBe(bench.before);
        expect(bench.rig.contents()).toBe(spoiled);
        const later: RestorePlace = { ...place, token: 'another0' };
        await expect(bench.rig.store.preview(newCall(), bench.taken, later)).rejects.toMatchObject({
          code: 'store.not-empty',
        });
        await expect(load(bench, later)).rejects.toMatchObject({ code: 'store.not-empty' });
        expect(await other.contents()).toBe(bench.before);
      } finally {
        await other.close();
      }
      await expectNothingLeft(bench);
    });

    it('prove a backup in a throwaway server, of which nothing stays', async () => {
      const folder = join(mkdtempSync(join(bench.base, 'proof-')), 'proof');
      mkdirSync(folder);
      const call = newCall();
      const place: RestorePlace = { ...PLACE, mode: 'into', into: 'restored' };
      const scratch = await bench.rig.store.scratch(call, bench.taken, folder);
      try {
        await scratch.store.load(call, bench.vault.reader(bench.taken, call), place);
        expect((await scratch.store.compare(call, bench.taken, place)).join('\n')).toMatch(
          /equal|as in the backup/,
        );
      } finally {
        await scratch.close();
      }
      rmSync(folder, { recursive: true });
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('print shell lines that bring everything back with stock tools', async () => {
      bench.rig.spoil();
      expect(await bench.rig.escape(bench.taken.restore, bench.vault.env)).toBe(bench.before);
    });
  });
}
