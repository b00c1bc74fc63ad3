import { describe, expect, it } from 'vitest';
import { expectNothingLeft, load, newCall, PLACE, type Bench } from './bench.js';

/** What the phases answer when they are called in another order than that of a restore. */
export function orderSentences(bench: Bench): void {
  const blocked = { code: 'store.blocked', retryable: false };

  describe('out of order', () => {
    it('nothing is compared or switched to before it is loaded', async () => {
      await expect(bench.rig.store.compare(newCall(), bench.taken, PLACE)).rejects.toMatchObject(blocked);
      await expect(bench.rig.store.cutover(newCall(), PLACE)).rejects.toMatchObject(blocked);
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('an undo and a release before anything was done find nothing to do', async () => {
      for (let i = 0; i < 2; i++) expect((await bench.rig.store.undo(newCall(), PLACE)).length).toBe(1);
      expect((await bench.rig.store.release(newCall(), PLACE)).join()).toMatch(/^nothing to do/);
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });

    it('an undo before the cut-over removes what was loaded, and there is nothing left to switch to', async () => {
      bench.rig.spoil();
      const spoiled = bench.rig.contents();
      await load(bench);
      for (let i = 0; i < 2; i++) await bench.rig.store.undo(newCall(), PLACE);
      expect(bench.rig.contents()).toBe(spoiled);
      await expectNothingLeft(bench);
      await expect(bench.rig.store.cutover(newCall(), PLACE)).rejects.toMatchObject(blocked);
      expect(bench.rig.contents()).toBe(spoiled);
    });

    it('after an undo nothing is switched to again', async () => {
      bench.rig.spoil();
      const spoiled = bench.rig.contents();
      await load(bench);
      await bench.rig.store.cutover(newCall(), PLACE);
      await bench.rig.store.undo(newCall(), PLACE);
      await expect(bench.rig.store.cutover(newCall(), PLACE)).rejects.toMatchObject(blocked);
      expect(bench.rig.contents()).toBe(spoiled);
      await bench.rig.store.release(newCall(), PLACE);
      await expectNothingLeft(bench);
    });

    it('an undo of a finished restore after the release says that it is gone', async () => {
      bench.rig.spoil();
      await load(bench);
      await bench.rig.store.cutover(newCall(), PLACE);
      await bench.rig.store.release(newCall(), PLACE);
      await expect(bench.rig.store.undo(newCall(), PLACE, { finished: true })).rejects.toMatchObject({
        code: 'store.gone',
        retryable: false,
      });
      expect(bench.rig.contents()).toBe(bench.before);
      await expectNothingLeft(bench);
    });
  });
}
