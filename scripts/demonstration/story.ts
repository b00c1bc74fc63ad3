import { setTimeout as sleep } from 'node:timers/promises';
import { destroy, digests, seed } from './data.js';
import type { Demo } from './stack.js';

interface RunLine {
  readonly run: string;
  readonly outcome?: string;
  readonly status: string;
}
interface Progress {
  readonly store?: string;
  readonly title: string;
  readonly bytes: number;
  readonly startedAt: string;
}
interface View extends RunLine {
  readonly progress: readonly Progress[];
  /** What is asked, while it waits for an answer. */
  readonly approval?: { readonly digest: string };
}

/** Longest wait for any one thing, in seconds. */
const LIMIT_SECONDS = 240;
const begun = Date.now();
const elapsed = (): string => `${((Date.now() - begun) / 1000).toFixed(0).padStart(4)} s`;
const tell = (words: string): void => console.log(`${elapsed()}  ${words}`);

/** Tells the story and measures it; gives whether all of it held. */
export async function story(demo: Demo): Promise<boolean> {
  tell(`the shop: ${demo.place.title}`);
  tell(`seeding PostgreSQL and Redis with about ${demo.mib} MiB`);
  const seeded = await seed(demo);
  const before = digests(demo);
  const due = nextMinute();
  await demo.writeStackFile(`${due.getUTCMinutes()} ${due.getUTCHours()} * * *`);
  tell('steady up: Temporal on a file, a worker, the schedules');
  await demo.up();
  await demo.steady(['check'], { show: true });

  tell(`waiting for the clock: the plan "nightly" is due at ${due.toISOString().slice(11, 16)} UTC`);
  const backup = await until(async () =>
    (await runs(demo)).find((one) => one.run.startsWith('backup.shop.nightly')),
  );
  const moving = await until(async () => {
    const { progress } = await view(demo, backup.run);
    return progress.find((one) => one.store === 'db' && one.bytes > 20 * 2 ** 20);
  });
  const pid = await demo.workerPid();
  process.kill(pid, 'SIGKILL');
  const killedAt = Date.now();
  tell(`kill -9 of the worker (pid ${pid}) in the middle of the backup, after ${mib(moving.bytes)}`);
  await until(async () => {
    const { progress, outcome } = await view(demo, backup.run);
    return (
      outcome !== undefined ||
      progress.some((one) => one.store === 'db' && Date.parse(one.startedAt) > killedAt)
    );
  });
  const resumed = (Date.now() - killedAt) / 1000;
  tell(`the interrupted step runs again after ${resumed.toFixed(1)} s, with no hand on it`);
  await demo.steady(['show', backup.run, '--watch'], { show: true });
  await demo.steady(['backup', 'list'], { show: true });

  tell('the deeper proof: each backup restored into a throwaway server and compared');
  await demo.steady(['backup', 'verify', 'latest', '--depth', 'restored'], { show: true });
  await demo.steady(['status'], { show: true });

  tell('the accident: orders deleted, customers dropped, the cache flushed');
  destroy(demo);
  const broken = await demo.place.health?.();
  if (broken) tell(`its service says: ${broken.says.slice(0, 120)}`);
  const { run } = await demo.json<{ run: string }>(['restore', 'latest', '--no-wait'], 'ana');
  const { digest } = await until(async () => (await view(demo, run)).approval);
  tell('ana asks for a restore; she cannot approve it herself');
  const refused = await demo.steady(['approve', run, '--digest', digest], { as: 'ana' }).then(
    () => false,
    (error: unknown) => String(error).includes('ana asked for it and cannot approve it'),
  );
  tell('ben reads what will happen, and approves it with his key');
  const yes = ['approve', run, '--digest', digest, '--reason', 'data gone, see chat'];
  await demo.steady(yes, { as: 'ben', show: true });
  await demo.steady(['show', run, '--watch'], { show: true });
  const restored = await demo.json<View>(['show', run]);
  const after = digests(demo);
  // EVIDENCE

  const rto = await resultOf(demo, run);
  const same = Object.keys(before).every(
    (key) => before[key as keyof typeof before] === after[key as keyof typeof after],
  );
  const api = await consumer(demo, broken);
  const seconds = (Date.now() - begun) / 1000;
  console.log(`
What was measured
  data             ${mib(seeded.bytes)} in PostgreSQL, ${seeded.rows} rows; ${before.cache.split(' ')[0]} keys in Redis
  stored           ${mib(await demo.place.storedBytes())} compressed and encrypted (and what the killed attempt left, to be swept)
  resumed          ${resumed.toFixed(1)} s after kill -9 of the worker
  RTO              ${rto.rtoSeconds?.toFixed(1)} s from the approval; database gap ${gap(rto, 'db')}, cache gap ${gap(rto, 'cache')}
  orders           ${verdict(before.orders, after.orders)}
  customers        ${verdict(before.customers, after.customers)}
  large objects    ${verdict(before.largeObjects, after.largeObjects)}
  cache            ${verdict(before.cache, after.cache)}
${api.line}  own approval     ${refused ? 'refused, as it must be' : 'NOT REFUSED'}
  all of it        ${seconds.toFixed(0)} s (limit ${demo.place.limitSeconds} s, set-up apart)`);
  const held =
    same && refused && restored.outcome === 'done' && seconds < demo.place.limitSeconds && api.held;
  console.log(held ? '\nAll of it held.' : '\nNot all of it held.');
  return held;
}

/** Whether the shop's service was stopped and started for the cut-over, and is healthy on the restored data. */
async function consumer(
  demo: Demo,
  before: Awaited<ReturnType<NonNullable<Demo['place']['health']>>> | undefined,
): Promise<{ readonly held: boolean; readonly line: string }> {
  const after = await demo.place.health?.();
  if (!before || !after) return { held: true, line: '' };
  const held = !before.healthy && after.healthy && after.startedAt > before.startedAt;
  const words = held ? `restarted, then ${after.says}` : `NOT AS IT SHOULD BE: ${after.says}`;
  return { held, line: `  service          ${words}\n` };
}

interface RestoreOutcome {
  readonly rtoSeconds?: number;
  readonly stores: readonly { readonly store: string; readonly gapSeconds?: number }[];
}

async function resultOf(demo: Demo, run: string): Promise<RestoreOutcome> {
  return (await demo.json<{ result: RestoreOutcome }>(['show', run])).result;
}

const gap = (of: RestoreOutcome, store: string): string =>
  `${of.stores.find((one) => one.store === store)?.gapSeconds?.toFixed(2) ?? '?'} s`;
const verdict = (before: string, after: string): string =>
  before === after ? `equal: ${after}` : `DIFFERENT: ${before} became ${after}`;
const mib = (bytes: number): string => `${(bytes / 2 ** 20).toFixed(0)} MiB`;

async function runs(demo: Demo): Promise<readonly RunLine[]> {
  return (await demo.json<{ runs: readonly RunLine[] }>(['runs'])).runs;
}

const view = (demo: Demo, run: string): Promise<View> => demo.json<View>(['show', run]);

/** The next full minute that is far enough away for `up` to be ready. */
function nextMinute(): Date {
  return new Date(Math.ceil((Date.now() + 12_000) / 60_000) * 60_000);
}

async function until<T>(look: () => Promise<T | undefined | false>): Promise<T> {
  for (const end = Date.now() + LIMIT_SECONDS * 1000; Date.now() < end; await sleep(250)) {
    const found = await look();
    if (found !== undefined && found !== false) return found;
  }
  throw new Error(`nothing came of it in ${LIMIT_SECONDS} s`);
}
