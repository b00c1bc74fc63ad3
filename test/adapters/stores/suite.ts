import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import type { RuntimePort } from '../../../src/adapters/runtimes/port.js';
import type { RestorePlace, StorePort } from '../../../src/adapters/stores/port.js';
import type { Bench } from './suite/bench.js';
import { newCall } from './suite/bench.js';
import { faultSentences } from './suite/faults.js';
import { orderSentences } from './suite/order.js';
import { phaseSentences } from './suite/phases.js';
import { secretSentences } from './suite/secrets.js';
import { watchTools } from './suite/watch-tools.js';
import { openVault } from './vault.js';

/** One vendor's store on a real server, and what its user would see and do there. */
export interface StoreRig {
  readonly store: StorePort;
  /** The same data with a wrong password; left out where none is asked for. */
  readonly refused?: StorePort;
  /** Brings the live data back to the same known contents; more than fits into a pipe, with {@link CANARY} in them. */
  reset(): Promise<void> | void;
  /** All that a user would miss, as text; the same text means the same data. */
  contents(): string;
  /** Writes, changes and removes: the contents are others afterwards. */
  spoil(): void;
  /** Changes one value in what was loaded beside the live data. */
  spoilLoaded(place: RestorePlace): void;
  /** Names of what is there beside the data themselves: kept, half-made, and sessions of the tools. */
  traces(): string[];
  /** A new place for `into` each time, and its contents once it is loaded. */
  elsewhere(): Promise<{ readonly into: string; contents(): Promise<string> | string; close(): unknown }>;
  /** Follows shell lines as a person would, and gives the contents of what they restored. */
  escape(lines: readonly string[], env: Readonly<Record<string, string>>): Promise<string> | string;
  /** Streams that hold data: cut short, each must be noticed. */
  readonly dataStreams: readonly string[];
  /** Values that must never be seen outside the data. */
  readonly secrets: readonly string[];
  close(): Promise<unknown> | void;
}

/**
 * What every store must do, whoever the vendor: run by each of them against the real server, through the real pipelines
 * (zstd, age, pieces) and real directory storage.
 *
 * @param open makes the rig; its tools must run in the runtime given, which watches them
 * @param options whether the store asks for a password
 */
export function storeSuite(
  open: (runtime: RuntimePort) => Promise<StoreRig>,
  { password }: { readonly password: boolean },
): void {
  const bench = {} as Bench;
  const outside = process.env['TMPDIR'];
  beforeAll(async () => {
    const base = mkdtempSync(join(tmpdir(), 'steady-suite-'));
    const tools = watchTools(base);
    const rig = await open(tools.runtime);
    Object.assign(bench, {
      rig,
      tools,
      vault: openVault(),
      scratch: mkdtempSync(join(tmpdir(), 'sd-')),
      base,
    });
    // Servers run as users of their own and must get through.
    for (const folder of [bench.base, bench.scratch]) chmodSync(folder, 0o755);
    // From here on everything that is left in the folder for temporary files was left by the store.
    process.env['TMPDIR'] = bench.scratch;
    await rig.reset();
    const before = rig.contents();
    Object.assign(bench, { before, taken: await bench.vault.take(rig.store, newCall()) });
  });
  afterAll(async () => {
    if (outside === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = outside;
    await bench.rig.close();
    bench.vault.remove();
    for (const folder of [bench.base, bench.scratch]) rmSync(folder, { recursive: true, force: true });
  });
  beforeEach(async () => {
    await bench.rig.reset();
  });

  phaseSentences(bench);
  orderSentences(bench);
  faultSentences(bench);
  secretSentences(bench, { password });
}
