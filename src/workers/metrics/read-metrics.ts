import type { Client } from '@temporalio/client';
import { defineSearchAttributeKey, SearchAttributeType } from '@temporalio/common';
import type { StoragePort } from '../../adapters/storage/port.js';
import { standingOf } from '../../activities/catalog/standing.js';
import { watchEntityId } from '../../contracts/ids.js';
import type { StackSnapshot } from '../../contracts/runs/snapshot.js';
import { LASTING, WATCH_QUERY, type WatchState } from '../../contracts/runs/watch.js';
import type { SearchAttributeName } from '../../contracts/names.js';
import { promisedRpo } from '../../contracts/stack/stack.js';
import { createGauges, type Gauges } from './gauges.js';

export interface MetricsOptions {
  readonly client: Client;
  readonly site: string;
  /** Left out where this worker may not read storage. */
  readonly storage?: (snapshot: StackSnapshot) => Promise<StoragePort>;
}

/** A scrape asks storage and Temporal; several that come at once, or soon after, share one answer. */
const FRESH_MS = 15_000;
const ANSWER_MS = 5000;
const DAY_MS = 86_400_000;
/** Newest ended runs that are looked at. */
const MOST_RUNS = 500;
const COUNTED = ['backup', 'import', 'verify', 'prune', 'sweep', 'restore', 'restore-undo'];

/**
 * What Prometheus is told of the stacks that are watched at this site, in its text format. What cannot be read now is
 * left out, and counted as a failure: an old value would look like a fresh one. Never throws.
 */
export function createMetrics(options: MetricsOptions): () => Promise<string> {
  const gauges = createGauges(options.site);
  /** Remembered: storage is asked also while Temporal is away. */
  const stacks = new Map<string, StackSnapshot>();
  let fresh: { readonly text: string; readonly at: number } | undefined;
  let reading: Promise<string> | undefined;
  const read = async (): Promise<string> => {
    for (const one of [gauges.newestVerified, gauges.rpo, gauges.lastRun, gauges.runs]) one.reset();
    for (const one of [gauges.lookedAt, gauges.findings, gauges.readOk]) one.reset();
    await tried(gauges, { stack: '', of: 'temporal' }, () => readWatches(options, gauges, stacks));
    await Promise.all([...stacks.values()].map((snapshot) => readStack(options, gauges, snapshot)));
    const text = await gauges.registry.metrics();
    fresh = { text, at: Date.now() };
    return text;
  };
  return async () => {
    if (fresh !== undefined && Date.now() - fresh.at < FRESH_MS) return fresh.text;
    reading ??= read().finally(() => (reading = undefined));
    return await reading;
  };
}

async function tried(
  { readOk, readFailures }: Gauges,
  labels: { readonly stack: string; readonly of: string },
  body: () => Promise<void>,
): Promise<void> {
  try {
    await body();
    readOk.set(labels, 1);
  } catch {
    readOk.set(labels, 0);
    readFailures.inc(labels);
  }
}

/** The watches know the stacks as they are applied; one that does not answer leaves the others to be told. */
async function readWatches(
  options: MetricsOptions,
  gauges: Gauges,
  stacks: Map<string, StackSnapshot>,
): Promise<void> {
  const { client, site } = options;
  const query = 'WorkflowType = "watch" AND ExecutionStatus = "Running"';
  const ids: string[] = [];
  await client.withDeadline(Date.now() + ANSWER_MS, async () => {
    for await (const { workflowId } of client.workflow.list({ query })) ids.push(workflowId);
  });
  for (const id of ids) {
    const labels = { stack: id.slice(watchEntityId('').length), of: 'watch' };
    await tried(gauges, labels, async () => {
      const { snapshot, lookedAt, open } = await client.withDeadline(Date.now() + ANSWER_MS, () =>
        client.workflow.getHandle(id).query<WatchState>(WATCH_QUERY),
      );
      const { stack } = snapshot.stack;
      stacks.delete(stack);
      if (snapshot.stack.site !== site) return;
      stacks.set(stack, snapshot);
      if (lookedAt !== undefined) gauges.lookedAt.set({ stack }, seconds(Date.parse(lookedAt)));
      for (const event of LASTING)
        gauges.findings.set({ stack, event }, open.filter((one) => one.event === event).length);
    });
    // Of another site, whose workers tell of it.
    if (!stacks.has(labels.stack)) gauges.readOk.remove(labels);
  }
}

async function readStack(options: MetricsOptions, gauges: Gauges, snapshot: StackSnapshot): Promise<void> {
  const { stack } = snapshot;
  const name = stack.stack;
  for (const store of Object.keys(stack.stores)) {
    const rpo = promisedRpo(stack, store);
    if (rpo !== undefined) gauges.rpo.set({ stack: name, store }, rpo);
  }
  await tried(gauges, { stack: name, of: 'temporal' }, () => readRuns(options.client, gauges, name));
  const { storage } = options;
  if (storage === undefined) return;
  await tried(gauges, { stack: name, of: 'storage' }, async () => {
    const looking = storage(snapshot).then((opened) =>
      Promise.all(Object.keys(stack.stores).map((store) => standingOf(opened, stack, store))),
    );
    for (const { store, newestVerified } of await inTime(looking)) {
      const at = newestVerified === undefined ? 0 : seconds(Date.parse(newestVerified.at));
      gauges.newestVerified.set({ stack: name, store }, at);
    }
  });
}

/** Storage that hangs must not keep Prometheus from all the rest. */
async function inTime<T>(asked: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), ANSWER_MS);
  });
  return await Promise.race([asked, late]).finally(() => clearTimeout(timer));
}

async function readRuns(client: Client, gauges: Gauges, stack: string): Promise<void> {
  const counted = COUNTED.map((one) => `"${one}"`).join(', ');
  const query = `SteadyStack = "${stack}" AND ExecutionStatus != "Running" AND SteadyProcedure IN (${counted})`;
  const newest = new Map<string, number>();
  let looked = 0;
  await client.withDeadline(Date.now() + ANSWER_MS, async () => {
    for await (const { typedSearchAttributes, closeTime } of client.workflow.list({ query })) {
      if (++looked > MOST_RUNS) break;
      const of = (key: SearchAttributeName): string =>
        typedSearchAttributes.get(defineSearchAttributeKey(key, SearchAttributeType.KEYWORD)) ?? 'unknown';
      const labels = { stack, procedure: of('SteadyProcedure'), outcome: of('SteadyOutcome') };
      const at = closeTime?.getTime() ?? 0;
      const key = JSON.stringify(labels);
      if (at > (newest.get(key) ?? 0)) {
        newest.set(key, at);
        gauges.lastRun.set(labels, seconds(at));
      }
      gauges.runs.inc(labels, Date.now() - at < DAY_MS ? 1 : 0);
    }
  });
}

const seconds = (milliseconds: number): number => milliseconds / 1000;
