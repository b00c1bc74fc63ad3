import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { StorePort } from '../../../../src/adapters/stores/port.js';
import { CANARY, failureOf, load, newCall, PLACE, type Bench } from './bench.js';

/** Secrets reach the tools that need them, and nothing else. */
export function secretSentences(bench: Bench, { password }: { readonly password: boolean }): void {
  const secrets = (): string[] => [
    ...bench.rig.secrets,
    /AGE-SECRET-KEY-\S+/.exec(bench.vault.identity.reveal())?.[0] ?? '',
  ];
  const expectFree = (where: string, text: string): void => {
    for (const secret of secrets()) {
      expect(secret.length, 'a secret to look for').toBeGreaterThan(3);
      expect(text.includes(secret), `a secret in ${where}`).toBe(false);
    }
  };

  describe('secrets', () => {
    it('are in no manifest and no line for people, and the data are unreadable in storage', async () => {
      const call = newCall();
      const dump = await bench.rig.store.dump(call, bench.vault.writer(call));
      expectFree('the result of a dump', JSON.stringify(dump) + inspect(dump, { depth: 20 }));
      expectFree('the manifest', JSON.stringify(bench.vault.manifest(bench.rig.store, dump)));
      expectFree('what was said', call.lines.join('\n'));
      const stored = bench.vault.bytes();
      expect(stored.length).toBeGreaterThan(5000);
      expectFree('storage', stored.toString('latin1'));
      expect(stored.includes(CANARY)).toBe(false);
    });

    it('are in no argument and no plain variable of a tool', async () => {
      // After all the sentences before: every phase has placed its tools by now.
      await load(bench);
      await bench.rig.store.undo(newCall(), PLACE);
      expectFree('the tools', bench.tools.seen());
    });

    if (!password) return;
    it('are in no error, and a wrong one is refused by name', async () => {
      const refused = bench.rig.refused as StorePort;
      const call = newCall();
      const lines = await refused.check(call);
      expect(lines.some(({ status }) => status === 'error')).toBe(true);
      expectFree('the lines of check', JSON.stringify(lines));
      for (const work of [
        () => refused.facts(call),
        () => refused.dump(call, bench.vault.writer(call)),
        () => refused.preview(call, bench.taken, PLACE),
      ]) {
        const error = await failureOf(work());
        expect(error).toMatchObject({ code: 'store.denied', retryable: false });
        expectFree('an error', inspect(error, { depth: 20 }));
      }
    });
  });
}
