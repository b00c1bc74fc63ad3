import { readdirSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { expect } from 'vitest';
import type { RestorePlace, StoreCall } from '../../../../src/adapters/stores/port.js';
import type { Manifest } from '../../../../src/contracts/stored/manifest.js';
import type { StoreRig } from '../suite.js';
import type { Vault } from '../vault.js';
import { markedProcesses, type WatchedTools } from './watch-tools.js';

/** What the sentences of the suite share; filled before the first of them. */
export interface Bench {
  readonly rig: StoreRig;
  readonly vault: Vault;
  readonly tools: WatchedTools;
  /** Folder for temporary files, empty but for what the store leaves. */
  readonly scratch: string;
  readonly base: string;
  /** Contents at the time of the backup; every sentence begins with them. */
  readonly before: string;
  readonly taken: Manifest;
}

/** Text that lies in the data of every rig. */
export const CANARY = 'canary-in-the-data-4711';

export const PREFIX = `suite-${process.pid}-`;
export const PLACE: RestorePlace = { mode: 'beside', token: 'k7q2m9xd', at: '2026-11-22T03:00:00.000Z' };

export interface TestCall extends StoreCall {
  /** What it said. */
  readonly lines: string[];
  cancel(): void;
}

let calls = 0;

/** A call of the adapter with a marker of its own. */
export function newCall(): TestCall {
  const lines: string[] = [];
  const controller = new AbortController();
  calls += 1;
  return {
    ...{ signal: controller.signal, marker: `${PREFIX}${calls}`, markerPrefix: PREFIX, lines },
    say: (line) => void lines.push(line),
    cancel: () => controller.abort(),
  };
}

export async function load({ rig, vault, taken }: Bench, place = PLACE): Promise<void> {
  const call = newCall();
  await rig.store.load(call, vault.reader(taken, call), place);
}

/** Nothing but the data: no process, no session, no file of ours, in at most ten seconds. */
export async function expectNothingLeft({ rig, scratch }: Bench): Promise<void> {
  const left = (): string[] => [...markedProcesses(PREFIX), ...rig.traces(), ...readdirSync(scratch)];
  for (const end = Date.now() + 10_000; Date.now() < end && left().length > 0;) await delay(50);
  expect(left()).toEqual([]);
}

/** The error of a call that must fail. */
export async function failureOf(work: Promise<unknown>): Promise<unknown> {
  return work.then(
    () => expect.fail('it should have failed'),
    (error: unknown) => error,
  );
}
